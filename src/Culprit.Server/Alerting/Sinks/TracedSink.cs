using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Export;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Makes a span of each attempt; everything else is the sink's own.</summary>
internal sealed class TracedSink(IAlertSink sink) : IAlertSink
{
    public string Name => sink.Name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        using var span = Tracing.StartDelivery(Name, alert);
        var result = await sink.DeliverAsync(alert, cancellationToken).ConfigureAwait(false);
        span.Ended(result.Outcome);
        return result;
    }
}
