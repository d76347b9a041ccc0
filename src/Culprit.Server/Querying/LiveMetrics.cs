using System.Diagnostics.Metrics;
using Culprit.Server.Export;

namespace Culprit.Server.Querying;

/// <summary>Who listens to live events, and what they were too slow for.</summary>
internal sealed class LiveMetrics(EventHub hub) : IMetricSource
{
    public void Register(Meter meter)
    {
        meter.CreateObservableGauge("culprit.live.subscribers", () => hub.Subscribers, "{subscriber}", "Readers of live events");
        meter.CreateObservableCounter("culprit.live.published", () => hub.Published, "{event}", "Events shown to live readers");
        meter.CreateObservableCounter("culprit.live.dropped", () => hub.Dropped, "{event}", "Events lost by readers that were too slow");
    }
}
