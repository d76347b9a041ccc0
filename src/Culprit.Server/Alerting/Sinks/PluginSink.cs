using Culprit.Engine.Alerting;
using Culprit.Engine.Extending;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Hands alerts to a plug-in.</summary>
internal sealed class PluginSink(IAlertHandler handler, TimeProvider clock) : IAlertSink
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public string Name => handler.Name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // One that ignores its cancellation is left behind: it would hold up every other alert.
            return await handler.DeliverAsync(Read(alert), either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The outermost place of somebody else's code: whatever it throws is a failed attempt.
            return new DeliveryResult(DeliveryOutcome.Retryable, timeout.IsCancellationRequested
                ? $"took longer than {Timeout.TotalSeconds:0} s"
                : $"{e.GetType().Name}: {e.Message}");
        }
    }

    private static EngineEvent Read(OutboxItem item)
    {
        using var json = System.Text.Json.JsonDocument.Parse(item.Json);
        var alert = json.RootElement;
        return new EngineEvent(
            item.Id, alert.GetProperty("type").GetString()!, alert.GetProperty("timestamp").GetDateTimeOffset(),
            alert.GetProperty("environment").GetString()!, null, item.IncidentId,
            alert.GetProperty("meta").GetProperty("causation_id").GetString(), item.Json);
    }
}
