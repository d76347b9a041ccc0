namespace Culprit.Engine.Flows;

/// <summary>What is known of a session; provisional until it has left the stage's memory.</summary>
/// <param name="Key">What its id is called.</param>
/// <param name="IsFirstAnomalous">The verdict when it first ended, never revised; null while it is open or cannot be judged.</param>
/// <param name="Deviation">Null when it is like the others.</param>
/// <param name="Slow">Null when no pause of it is unusually long. A slow session goes the usual way, so it is not anomalous for that.</param>
/// <param name="Explanation">Why, in words; empty when it is like the others.</param>
internal sealed record FlowVerdict(
    string Session,
    string Key,
    long StartNanos,
    long LastNanos,
    long Records,
    bool IsOpen,
    bool? IsFirstAnomalous,
    FlowDeviation? Deviation,
    FlowSlowness? Slow,
    string Explanation)
{
    public bool IsAnomalous => Deviation is not null;

    /// <summary>0 for like the others; else how uncommon what it does is, 1 being unheard of.</summary>
    public double Score => Deviation is { } d ? 1 - d.Share : 0;
}
