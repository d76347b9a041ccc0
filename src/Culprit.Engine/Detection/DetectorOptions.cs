using Culprit.Engine.Detection.Decline;
using Culprit.Engine.Detection.ErrorSpike;
using Culprit.Engine.Detection.FlowBreak;
using Culprit.Engine.Detection.Growth;
using Culprit.Engine.Detection.LatencyShift;
using Culprit.Engine.Detection.MetricLevel;
using Culprit.Engine.Detection.PatternShift;
using Culprit.Engine.Detection.Silence;
using Culprit.Engine.Detection.Surge;
using Culprit.Engine.Detection.TraceShift;

namespace Culprit.Engine.Detection;

/// <summary>The options of the detectors that know what is usual.</summary>
internal sealed record DetectorOptions
{
    public ErrorSpikeOptions ErrorSpike { get; init; } = new();

    public LatencyShiftOptions LatencyShift { get; init; } = new();

    public MetricLevelOptions MetricLevel { get; init; } = new();

    public GrowthOptions Growth { get; init; } = new();

    public SilenceOptions Silence { get; init; } = new();

    public DeclineOptions Decline { get; init; } = new();

    public SurgeOptions Surge { get; init; } = new();

    public PatternShiftOptions PatternShift { get; init; } = new();

    public TraceShiftOptions TraceShift { get; init; } = new();

    public FlowBreakOptions FlowBreak { get; init; } = new();
}
