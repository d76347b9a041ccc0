using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Everything on its way to one sink: one attempt at a time, in order per incident.</summary>
internal sealed partial class SinkLane(
    IAlertSink sink, IStateStore state, AlertGate gate, Surrender surrender, DeliveryWatch watch, AlertMetrics metrics, TimeProvider clock, ILogger<SinkLane> logger) : IAlertLane
{
    private const int BatchSize = 50;

    public string Name => sink.Name;

    public async Task<TimeSpan?> ServeAsync(CancellationToken cancellationToken)
    {
        var due = await state.DueAlertsAsync(sink.Name, clock.GetUtcNow(), BatchSize, cancellationToken).ConfigureAwait(false);
        foreach (var alert in due)
        {
            if (await gate.PassAsync(alert, cancellationToken).ConfigureAwait(false) is { } passed)
            {
                await DeliverAsync(passed, cancellationToken).ConfigureAwait(false);
            }
        }

        if (due.Count > 0)
        {
            return TimeSpan.Zero;
        }

        return await state.NextAlertAsync(sink.Name, cancellationToken).ConfigureAwait(false) is { } next ? next - clock.GetUtcNow() : null;
    }

    private async Task DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        var result = await SinkAttempt.MakeAsync(sink, alert, clock, e => SinkFailed(sink.Name, alert.Id, e), cancellationToken).ConfigureAwait(false);
        metrics.Tried(sink.Name, alert.Id, result.Outcome);
        switch (result.Outcome)
        {
            case DeliveryOutcome.Delivered:
                // Not cancelled by a shutdown: the receiver would get it twice.
                await state.MarkDeliveredAsync(alert.Id, alert.Sink, clock.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
                await watch.DeliveredAsync(alert.Sink, CancellationToken.None).ConfigureAwait(false);
                break;
            case DeliveryOutcome.Retryable:
                await RetryAsync(alert, result).ConfigureAwait(false);
                break;
            case DeliveryOutcome.Rejected:
                await surrender.GiveUpAsync(alert, result.Detail ?? "refused").ConfigureAwait(false);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown outcome {result.Outcome}.");
        }
    }

    private async Task RetryAsync(OutboxItem alert, DeliveryResult result)
    {
        var now = clock.GetUtcNow();
        var since = alert.FailingSince ?? now;
        var detail = result.Detail ?? "failed";
        if (now - since >= RetrySchedule.GiveUpAfter)
        {
            await surrender.GiveUpAsync(alert, $"tried for {RetrySchedule.GiveUpAfter.TotalHours:0} h, at last: {detail}").ConfigureAwait(false);
            return;
        }

        var next = RetrySchedule.NextTry(since, now, alert.Attempts, result.RetryAfter);
        NotTaken(alert.Sink, alert.Id, alert.Attempts + 1, (next - now).TotalSeconds, detail);
        await state.MarkFailedAsync(alert.Id, alert.Sink, now, next, detail, CancellationToken.None).ConfigureAwait(false);
        await watch.FailedAsync(alert, since, detail, isLost: false, CancellationToken.None).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sink {Sink} did not take alert {Alert} (attempt {Attempt}, next in {Seconds:0.#} s): {Detail}")]
    private partial void NotTaken(string sink, string alert, int attempt, double seconds, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sink {Sink} threw at alert {Alert}")]
    private partial void SinkFailed(string sink, string alert, Exception exception);
}
