using Culprit.Engine.Detection.Series;
using Culprit.Engine.Flows;

namespace Culprit.Engine.Detection.FlowBreak;

/// <summary>How the sessions of one kind went, step by step of time.</summary>
internal sealed class FlowSeries
{
    private const int MaxWays = 64;

    public required ulong Kind { get; init; }

    /// <summary>What its id is called.</summary>
    public required string Key { get; init; }

    public required string Service { get; init; }

    /// <summary>The first step in words.</summary>
    public required string Entry { get; set; }

    /// <summary>Step of time at which the first of them ended.</summary>
    public required long Since { get; set; }

    public CountSeries Ended { get; init; } = new();

    public FlowOddities Broken { get; init; } = new();

    public FlowOddities Changed { get; init; } = new();

    public FlowOddities Slow { get; init; } = new();

    /// <summary>The newest ways in which they were odd, oldest first.</summary>
    public List<FlowWay> Ways { get; init; } = [];

    public void Add(long step, FlowCount count)
    {
        Since = Math.Min(Since, step);
        Entry = count.EntryText.Length > 0 ? count.EntryText : Entry;
        Ended.Add(step, count.Ended);
        Broken.Add(step, count.Broken);
        Changed.Add(step, count.Changed);
        Slow.Add(step, count.Slow);
        foreach (var sign in count.Signs)
        {
            Ways.Add(new FlowWay(step, sign.Way, sign.Kind, sign.Count, sign.Services, sign.Text, sign.FirstNanos, sign.Examples));
        }

        if (Ways.Count > MaxWays)
        {
            Ways.RemoveRange(0, Ways.Count - MaxWays);
        }
    }
}

/// <summary>One sort of oddity: how often, and whether too often.</summary>
internal sealed class FlowOddities
{
    public CountSeries Counts { get; init; } = new();

    public Alarm Alarm { get; init; } = new();

    public void Add(long step, long count)
    {
        if (count != 0)
        {
            Counts.Add(step, count);
        }
    }
}

/// <summary>One way in which sessions that ended in one step of time were odd.</summary>
/// <param name="Way">The same for all that are odd in this way.</param>
/// <param name="FirstNanos">The earliest last record of such a session.</param>
/// <param name="Examples">Ids of some of them.</param>
internal sealed record FlowWay(
    long Step, ulong Way, FlowSignKind Kind, long Count, IReadOnlyList<string> Services, string Text, long FirstNanos, IReadOnlyList<string> Examples);
