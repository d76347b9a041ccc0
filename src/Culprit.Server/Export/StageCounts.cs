using System.Collections.Concurrent;

namespace Culprit.Server.Export;

/// <summary>What a stage has counted since the start.</summary>
/// <param name="Dropped">By reason: what was neither handed on nor is still there.</param>
/// <param name="Waiting">Taken in and not yet handed on or dropped, as the stage itself knows it.</param>
internal readonly record struct StageTotals(long In, long Out, IReadOnlyList<KeyValuePair<string, long>> Dropped, long Waiting);

/// <summary>A stage of the way from bytes to alerts, whose numbers add up: in = out + dropped + waiting.</summary>
internal interface IStage
{
    /// <summary>Label <c>stage</c> of its metrics (docs/metrics.md).</summary>
    string Name { get; }

    /// <summary>Answers at once, from memory, on any thread.</summary>
    StageTotals Read();
}

/// <summary>Counts for a stage that keeps no totals of its own. Thread-safe.</summary>
/// <param name="reasons">Shown from the start, because a rate can only be seen from a zero; others appear when they occur.</param>
internal sealed class StageCounts(string name, params string[] reasons) : IStage
{
    private readonly ConcurrentDictionary<string, long> _dropped =
        new(reasons.Select(r => KeyValuePair.Create(r, 0L)), StringComparer.Ordinal);

    private long _in;
    private long _out;

    public string Name => name;

    /// <remarks>Call before <see cref="Out"/> and <see cref="Drop"/>: so nothing ever seems to leave that did not come.</remarks>
    public void In(long count) => Interlocked.Add(ref _in, count);

    public void Out(long count) => Interlocked.Add(ref _out, count);

    /// <param name="reason">A word of ours, never input: each is a time series.</param>
    public void Drop(string reason, long count = 1)
    {
        if (count != 0)
        {
            _dropped.AddOrUpdate(reason, static (_, more) => more, static (_, before, more) => before + more, count);
        }
    }

    /// <summary>Sum of what was dropped for one reason.</summary>
    public long DroppedFor(string reason) => _dropped.GetValueOrDefault(reason);

    public StageTotals Read()
    {
        // What leaves is read before what came, in the order opposite to counting.
        var dropped = _dropped.ToArray();
        var handedOn = Interlocked.Read(ref _out);
        var taken = Interlocked.Read(ref _in);
        return new StageTotals(taken, handedOn, dropped, taken - handedOn - dropped.Sum(d => d.Value));
    }
}
