using System.Diagnostics.Metrics;

namespace Culprit.Server.Export;

/// <summary>A feature that has numbers to show. Each instrument is listed in <c>docs/metrics.md</c>.</summary>
/// <remarks>
/// All instruments are observable: a feature keeps its own totals, and pays nothing until somebody reads them. The
/// callbacks must answer at once, from memory, on any thread.
/// </remarks>
internal interface IMetricSource
{
    void Register(Meter meter);
}
