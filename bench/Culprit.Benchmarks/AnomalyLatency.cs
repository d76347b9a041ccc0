using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Culprit.Benchmarks;

/// <summary>From the answer to the fifth error until <c>log.anomaly</c> arrives on the live stream of a running server.</summary>
internal static class AnomalyLatency
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="rounds">Each uses an environment of its own, so that each fires; a server analyses 64 of them.</param>
    public static async Task<int> RunAsync(Uri server, int rounds)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server, Timeout = Patience };
        using var ended = new CancellationTokenSource();
        var run = Guid.NewGuid().ToString("N")[..6];
        var arrivals = new ConcurrentDictionary<string, TaskCompletionSource<long>>();
        await using var stream = await http.GetStreamAsync(new Uri("/events/stream?type=log.anomaly", UriKind.Relative));
        var listening = ListenAsync(stream, arrivals, ended.Token);
        var milliseconds = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var environment = $"latency-{run}-{round}";
            var arrival = arrivals.GetOrAdd(environment, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
            for (var i = 0; i < 5; i++)
            {
                var body = $$"""{"service":"probe","environment":"{{environment}}","level":"error","message":"probe failed {{i}}"}""";
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var response = await http.PostAsync(new Uri("/events", UriKind.Relative), content);
                response.EnsureSuccessStatusCode();
            }

            var answered = Stopwatch.GetTimestamp();
            var arrived = await arrival.Task.WaitAsync(Patience);
            milliseconds.Add(Stopwatch.GetElapsedTime(answered, arrived).TotalMilliseconds);
        }

        await ended.CancelAsync();
        await listening;
        milliseconds.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rounds} anomalies: p50 {At(0.5):0.0} ms, p95 {At(0.95):0.0} ms, p99 {At(0.99):0.0} ms, max {milliseconds[^1]:0.0} ms"));
        return 0;

        double At(double share) => milliseconds[(int)Math.Min(milliseconds.Count - 1, Math.Floor(share * milliseconds.Count))];
    }

    private static async Task ListenAsync(
        Stream stream, ConcurrentDictionary<string, TaskCompletionSource<long>> arrivals, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            {
                var now = Stopwatch.GetTimestamp();
                using var json = JsonDocument.Parse(item.Data);
                if (json.RootElement.TryGetProperty("environment", out var environment)
                    && arrivals.TryGetValue(environment.GetString()!, out var arrival))
                {
                    arrival.TrySetResult(now);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All rounds are done.
        }
    }
}
