using Culprit.Engine.Detection.ErrorSpike;
using Culprit.Engine.Detection.LatencyShift;

namespace Culprit.Engine.Detection;

/// <summary>The options of the detectors that know what is usual.</summary>
internal sealed record DetectorOptions
{
    public ErrorSpikeOptions ErrorSpike { get; init; } = new();

    public LatencyShiftOptions LatencyShift { get; init; } = new();
}
