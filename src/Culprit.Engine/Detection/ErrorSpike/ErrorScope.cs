using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorSpike;

/// <summary>What errors are counted together; narrower ones have higher numbers and speak first.</summary>
internal enum ErrorScopeKind : byte
{
    Environment = 0,
    Service = 1,

    /// <summary>Spans of a service that ended in an error.</summary>
    Spans = 2,

    /// <summary>One pattern of a service.</summary>
    Pattern = 3,
}

/// <summary>Names a scope.</summary>
internal readonly record struct ErrorScopeKey(ErrorScopeKind Kind, string Service, ulong Pattern);

/// <summary>The errors of one scope.</summary>
internal sealed class ErrorScope
{
    private const int MaxRecent = 20;

    public required ErrorScopeKind Kind { get; init; }

    /// <summary>Empty for the environment.</summary>
    public required string Service { get; init; }

    public required ulong Pattern { get; init; }

    public CountSeries Counts { get; init; } = new();

    public Alarm Alarm { get; init; } = new();

    /// <summary>The newest records, oldest first.</summary>
    public List<RecordRef> Recent { get; init; } = [];

    /// <summary>Earliest step that changed since it was last judged; <see cref="long.MaxValue"/> when none did.</summary>
    public long Dirty { get; set; } = long.MaxValue;

    public ErrorScopeKey Key => new(Kind, Service, Pattern);

    public void Add(long step, long count, RecordRef? sample)
    {
        Counts.Add(step, count);
        Dirty = Math.Min(Dirty, step);
        if (sample is null)
        {
            return;
        }

        var at = Recent.FindLastIndex(r => r.TimestampNanos <= sample.TimestampNanos) + 1;
        Recent.Insert(at, sample);
        if (Recent.Count > MaxRecent)
        {
            Recent.RemoveAt(0);
        }
    }
}
