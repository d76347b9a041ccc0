using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>Sends numbered events over several connections, and writes down what was acknowledged.</summary>
/// <remarks>
/// A batch without an answer is sent again, under the same ids, when the server is back: so the oracle also sees whether
/// resends count once. Each connection is a stream, and its numbers go up.
/// </remarks>
internal sealed class LoadDriver(int seed, AckJournal acks, int connections = 4, int batchSize = 50)
{
    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");

    // Fresh events have a stream of their own, after those of the connections.
    private readonly int[] _claimed = new int[connections + 1];
    private readonly int[] _answered = new int[connections + 1];
    private Action? _onNextAnswer;
    private long _acknowledged;
    private long _refusals;
    private long _refusalsWithoutTime;

    public int Seed => seed;

    /// <summary>How many numbers of each stream were ever sent.</summary>
    public IReadOnlyList<int> Claimed => _claimed;

    /// <summary>Events acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Answers 503.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Those of them without a <c>Retry-After</c> of 1 to 60 s.</summary>
    public long RefusalsWithoutTime => Interlocked.Read(ref _refusalsWithoutTime);

    /// <summary>Calls back once, on the thread that has just read a success answer, before anything else happens there.</summary>
    public void OnNextAnswer(Action action) => Volatile.Write(ref _onNextAnswer, action);

    /// <summary>Sends until the server is gone, or until told to stop.</summary>
    public Task SendAsync(ServerProcess server, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(stream => Task.Run(() => SendAsync(server, stream, stop), CancellationToken.None)));

    /// <summary>Sends to several servers until told to stop: what one does not answer goes to the next, under the same ids.</summary>
    public Task SendToAnyAsync(IReadOnlyList<ServerProcess> servers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(stream => Task.Run(() => SendToAnyAsync(servers, stream, stop), CancellationToken.None)));

    /// <summary>One more event, acknowledged now; its id.</summary>
    public async Task<string> SendFreshAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        await Wait.UntilAsync(
            "a fresh event is taken", TimeSpan.FromSeconds(60), () => TrySendAsync(server, connections, 1, cancellationToken), cancellationToken);

        return new SentEvent(seed, connections, _answered[connections] - 1).Id;
    }

    /// <param name="pause">After each answer: with several servers on this machine the storm must leave them room.</param>
    private async Task SendAsync(ServerProcess server, int stream, CancellationToken stop, TimeSpan pause = default)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!await TrySendAsync(server, stream, batchSize, stop))
                {
                    // Shorter than any Retry-After: the driver is there to press.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, stop);
                }

                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, TimeProvider.System, stop);
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task SendToAnyAsync(IReadOnlyList<ServerProcess> servers, int stream, CancellationToken stop)
    {
        for (var at = stream; !stop.IsCancellationRequested; at++)
        {
            await SendAsync(servers[at % servers.Count], stream, stop, TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>The next batch of a stream, or again the one that was not answered; false when it was refused.</summary>
    private async Task<bool> TrySendAsync(ServerProcess server, int stream, int count, CancellationToken stop)
    {
        var first = _answered[stream];
        _claimed[stream] = Math.Max(_claimed[stream], first + count);
        var body = string.Join('\n', Enumerable.Range(first, count).Select(number => new SentEvent(seed, stream, number).ToJson()));
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = Lines;
        using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, stop);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            Interlocked.Increment(ref _refusals);
            if (response.Headers.RetryAfter?.Delta?.TotalSeconds is not (>= 1 and <= 60))
            {
                Interlocked.Increment(ref _refusalsWithoutTime);
            }

            return false;
        }

        // Its body has been read already.
        var at = TimeProvider.System.GetTimestamp();
        if (response.IsSuccessStatusCode)
        {
            Interlocked.Exchange(ref _onNextAnswer, null)?.Invoke();
        }

        var answer = await response.Content.ReadAsStringAsync(stop);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
        {
            throw new InvalidOperationException($"{(int)response.StatusCode}: {answer}");
        }

        using var json = JsonDocument.Parse(answer);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            var taken = json.RootElement.GetProperty("accepted").GetInt32() + json.RootElement.GetProperty("duplicates").GetInt32();
            Assert.True(taken == count, answer);
        }

        acks.Write(new Ack(stream, first, count, at));
        Interlocked.Add(ref _acknowledged, count);
        _answered[stream] = first + count;
        return true;
    }
}
