using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting;

/// <summary>Delivers what is in the outbox: at least once, in order per incident, with growing pauses after failures.</summary>
internal sealed partial class AlertDispatcher(
    IStateStore state, IEnumerable<IAlertSink> sinks, AlertMetrics metrics, TimeProvider clock, ILogger<AlertDispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);
    private const int BatchSize = 50;

    private readonly Dictionary<string, IAlertSink> _sinks = sinks.ToDictionary(s => s.Name, StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var due = await state.DueAlertsAsync(clock.GetUtcNow(), BatchSize, stoppingToken).ConfigureAwait(false);
            foreach (var alert in due)
            {
                await DeliverAsync(alert, stoppingToken).ConfigureAwait(false);
            }

            if (due.Count == 0)
            {
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private async Task DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!_sinks.TryGetValue(alert.Sink, out var sink))
        {
            // The sink was taken out of the configuration: nobody is left to tell.
            await state.MarkDeliveredAsync(alert.Id, alert.Sink, cancellationToken).ConfigureAwait(false);
            return;
        }

        var result = await sink.DeliverAsync(alert, cancellationToken).ConfigureAwait(false);
        switch (result.Outcome)
        {
            case DeliveryOutcome.Delivered:
                await state.MarkDeliveredAsync(alert.Id, alert.Sink, cancellationToken).ConfigureAwait(false);
                metrics.Delivered(alert.Sink);
                break;
            case DeliveryOutcome.Retryable:
                var backoff = result.RetryAfter ?? Backoff(alert.Attempts);
                DeliveryFailed(alert.Sink, alert.Id, result.Detail);
                metrics.Failed(alert.Sink);
                await state.MarkFailedAsync(
                    alert.Id, alert.Sink, clock.GetUtcNow() + backoff, result.Detail ?? "failed", cancellationToken).ConfigureAwait(false);
                break;
            case DeliveryOutcome.Rejected:
                DeliveryFailed(alert.Sink, alert.Id, result.Detail);
                metrics.Dead(alert.Sink);
                await state.AddDeadLetterAsync(
                    new DeadLetter($"{alert.Id}:{alert.Sink}", clock.GetUtcNow(), $"{alert.Sink} refused the alert: {result.Detail}", alert.Json),
                    cancellationToken).ConfigureAwait(false);
                await state.MarkDeliveredAsync(alert.Id, alert.Sink, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown outcome {result.Outcome}.");
        }
    }

    private static TimeSpan Backoff(int attempts)
    {
        var seconds = Math.Min(LongestBackoff.TotalSeconds, Math.Pow(2, Math.Min(attempts, 16)));
        return TimeSpan.FromSeconds(seconds * (0.8 + (0.4 * Random.Shared.NextDouble())));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sink {Sink} did not take alert {Alert}: {Detail}")]
    private partial void DeliveryFailed(string sink, string alert, string? detail);
}
