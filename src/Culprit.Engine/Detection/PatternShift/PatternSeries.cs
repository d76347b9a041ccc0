using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.PatternShift;

/// <summary>How often one pattern below ERROR was logged by one service.</summary>
internal sealed class PatternSeries
{
    public required string Service { get; init; }

    public required ulong Pattern { get; init; }

    public bool IsWarning { get; set; }

    public CountSeries Counts { get; init; } = new();

    public Alarm Alarm { get; init; } = new();

    /// <summary>A record of it, when it is a warning.</summary>
    public RecordRef? Sample { get; set; }
}
