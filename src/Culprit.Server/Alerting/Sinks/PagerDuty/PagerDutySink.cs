using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;

namespace Culprit.Server.Alerting.Sinks.PagerDuty;

/// <summary>Pages through PagerDuty; the incident's id is the dedup key, so that repeated tries are one alert there. Changes are shown beside incidents.</summary>
/// <remarks>Change events have no dedup key: an attempt that was taken but whose answer got lost is seen twice.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class PagerDutySink(string name, PagerDutyOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Url);

    public override async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!ForwardedChange.TryRead(alert.Json, out var change))
        {
            return await base.DeliverAsync(alert, cancellationToken).ConfigureAwait(false);
        }

        // It may have waited in the outbox while the configuration changed.
        return options.ChangeUrl is { } url
            ? (await PostAsync(url, PagerDutyChangeMessage.Write(change, options), cancellationToken).ConfigureAwait(false)).ToResult()
            : new(DeliveryOutcome.Rejected, "changes are not sent there any more");
    }

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => PagerDutyMessage.Write(alert, options);
}
