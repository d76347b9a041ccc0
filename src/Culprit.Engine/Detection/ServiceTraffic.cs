using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection;

/// <summary>How much one service (or, without a name, the environment) does: the measure against which its errors are held, so that more load alone is no anomaly.</summary>
internal sealed class ServiceTraffic
{
    public required string Service { get; init; }

    /// <summary>First step in which it was seen.</summary>
    public required long Since { get; set; }

    /// <summary>Records below WARN.</summary>
    public CountSeries Calm { get; init; } = new();

    /// <summary>Spans.</summary>
    public CountSeries Spans { get; init; } = new();
}
