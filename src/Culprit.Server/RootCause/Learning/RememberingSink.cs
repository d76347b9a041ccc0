using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;

namespace Culprit.Server.RootCause.Learning;

/// <summary>Tells those on call when an incident like this one was explained before; everything else is the sink's own.</summary>
/// <remarks>It only adds <c>known_cause</c> to the alert on its way out, and never holds one back, whatever goes wrong here.</remarks>
internal sealed partial class RememberingSink(IAlertSink sink, KnownCauseBook book, ILogger<RememberingSink> logger) : IAlertSink
{
    public string Name => sink.Name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken) =>
        await sink.DeliverAsync(await RemarkAsync(alert, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task<OutboxItem> RemarkAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        try
        {
            if (!AlertParser.TryParse(item.Json, out var alert, out _) || alert.Kind is not (AlertKind.Firing or AlertKind.Updated) || alert.Services.Count == 0)
            {
                return item;
            }

            var signature = IncidentSignature.Of(alert.Environment, alert.AnomalyType ?? "", alert.Services, alert.SampleMessages);
            if (await book.MatchAsync(signature, alert.IncidentId, cancellationToken).ConfigureAwait(false) is not { } known)
            {
                return item;
            }

            var json = EventJson.With(item.Json, ("known_cause", EventJson.Text(known.ToString())));
            return item with { Json = alert.Runbook is null && known.Runbook is { } runbook ? EventJson.With(json, ("runbook", EventJson.Text(runbook))) : json };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The outermost place of a remark: an alert without it is better than none.
            NotRemarked(item.Id, e);
            return item;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert {Alert} goes out without looking for a known cause")]
    private partial void NotRemarked(string alert, Exception exception);
}
