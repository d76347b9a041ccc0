using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>Compares what a server has with what it acknowledged.</summary>
internal static class Oracle
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Reads every record of the server.</summary>
    /// <param name="owed">Whether an acknowledgement counts, such as those from before a power cut; null: all do.</param>
    public static async Task<Verdict> CheckAsync(
        ServerProcess server, LoadDriver driver, AckJournal acks, Func<Ack, bool>? owed, CancellationToken cancellationToken)
    {
        var found = driver.Claimed.Select(count => new byte[count]).ToArray();
        var last = driver.Claimed.Select(_ => -1).ToArray();
        var verdict = new Verdict();
        await foreach (var (id, message) in ReadAllAsync(server, cancellationToken))
        {
            if (!SentEvent.TryParseId(id, out var stream, out var number) || stream >= found.Length || number >= found[stream].Length)
            {
                verdict.Foreign++;
                continue;
            }

            verdict.Found++;
            verdict.Duplicates += found[stream][number] > 0 ? 1 : 0;
            verdict.Altered += message == new SentEvent(driver.Seed, stream, number).Message ? 0 : 1;
            verdict.Misplaced += number > last[stream] ? 0 : 1;
            found[stream][number] = 1;
            last[stream] = Math.Max(last[stream], number);
        }

        foreach (var ack in acks.Read().Where(owed ?? (_ => true)))
        {
            verdict.Acknowledged += ack.Count;
            verdict.Lost += found[ack.Stream].AsSpan(ack.First, ack.Count).Count((byte)0);
        }

        return verdict;
    }

    /// <summary>A fresh event passes from the journal through the engine to the queries.</summary>
    public static async Task PassesEndToEndAsync(ServerProcess server, LoadDriver driver, CancellationToken cancellationToken)
    {
        var id = await driver.SendFreshAsync(server, cancellationToken);
        var components = (await server.GetAsync("/health/detailed", cancellationToken)).GetProperty("components");
        var sequence = components.GetProperty("storage").GetProperty("journal_last_sequence").GetInt64();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (components.GetProperty("engine").GetProperty("sequence").GetInt64() < sequence)
        {
            await pause.WaitForNextTickAsync(limit.Token);
            components = (await server.GetAsync("/health/detailed", limit.Token)).GetProperty("components");
        }

        // Behind a backlog that does not fit in memory it is readable only now.
        var found = await server.GetAsync("/events/" + id, cancellationToken);
        Assert.Equal(id, found.GetProperty("id").GetString());
    }

    /// <summary>Every log record, oldest first.</summary>
    public static async IAsyncEnumerable<(string Id, string Message)> ReadAllAsync(
        ServerProcess server, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(
                "/events?type=log.entry&order=asc&limit=1000" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)), cancellationToken);
            foreach (var entry in page.GetProperty("events").EnumerateArray())
            {
                yield return (entry.GetProperty("id").GetString()!, entry.GetProperty("message").GetString()!);
            }

            cursor = page.TryGetProperty("next_cursor", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
        }
        while (cursor is not null);
    }
}

/// <summary>What the oracle found; everything but the first two must be 0.</summary>
internal sealed class Verdict
{
    /// <summary>Events that the server had acknowledged and that count.</summary>
    public int Acknowledged { get; set; }

    /// <summary>Events that the server has, also those whose acknowledgement did not arrive.</summary>
    public int Found { get; set; }

    public int Lost { get; set; }

    public int Duplicates { get; set; }

    public int Foreign { get; set; }

    public int Altered { get; set; }

    /// <summary>Events that stand behind a later one of their stream.</summary>
    public int Misplaced { get; set; }

    public void Add(Verdict other)
    {
        Acknowledged += other.Acknowledged;
        Found += other.Found;
        Lost += other.Lost;
        Duplicates += other.Duplicates;
        Foreign += other.Foreign;
        Altered += other.Altered;
        Misplaced += other.Misplaced;
    }

    public override string ToString() => FormattableString.Invariant(
        $"{Lost} of {Acknowledged} acknowledged events lost; of {Found} found {Duplicates} double, {Foreign} foreign, {Altered} altered, {Misplaced} out of order");

    public void MustBeClean(int atLeast)
    {
        Assert.True(Acknowledged >= atLeast, $"only {Acknowledged} events were acknowledged: the test saw too little");
        Assert.True((Lost, Duplicates, Foreign, Altered, Misplaced) == (0, 0, 0, 0, 0), ToString());
    }
}
