using Culprit.Engine.Alerting;
using Culprit.Engine.Extending;

namespace Culprit.Engine;

/// <summary>Alerts of a hosted engine on their way to their handlers: in memory, in order per incident, retried with growing pauses.</summary>
internal sealed class HostedAlerts(IReadOnlyCollection<IAlertHandler> handlers)
{
    private const int MaxAttempts = 10;
    private const int MaxWaiting = 10_000;

    private readonly List<Pending> _pending = [];

    /// <summary>Alerts that found too many others waiting.</summary>
    public long Refused { get; private set; }

    public void Add(EngineEvent alert)
    {
        foreach (var handler in handlers)
        {
            if (_pending.Count >= MaxWaiting)
            {
                Refused++;
                continue;
            }

            _pending.Add(new Pending(handler, alert, DateTimeOffset.MinValue, 0));
        }
    }

    public async Task DeliverAsync(DateTimeOffset now, List<string> failures, CancellationToken cancellationToken)
    {
        var blocked = new HashSet<(string, string?)>();
        foreach (var pending in _pending.ToList())
        {
            var lane = (pending.Handler.Name, pending.Alert.CorrelationId);
            if (pending.Due > now || blocked.Contains(lane))
            {
                blocked.Add(lane);
                continue;
            }

            var result = await TryAsync(pending, cancellationToken).ConfigureAwait(false);
            var at = _pending.IndexOf(pending);
            if (result.Outcome == DeliveryOutcome.Delivered)
            {
                _pending.RemoveAt(at);
                continue;
            }

            failures.Add($"{pending.Handler.Name} did not take alert {pending.Alert.Id}: {result.Detail}");
            if (result.Outcome == DeliveryOutcome.Rejected || pending.Attempts + 1 >= MaxAttempts)
            {
                _pending.RemoveAt(at);
                continue;
            }

            var pause = result.RetryAfter ?? TimeSpan.FromSeconds(Math.Pow(2, pending.Attempts));
            _pending[at] = pending with { Due = now + pause, Attempts = pending.Attempts + 1 };
            blocked.Add(lane);
        }
    }

    private static async Task<DeliveryResult> TryAsync(Pending pending, CancellationToken cancellationToken)
    {
        try
        {
            return await pending.Handler.DeliverAsync(pending.Alert, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The outermost place of somebody else's code.
            return new DeliveryResult(DeliveryOutcome.Retryable, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private sealed record Pending(IAlertHandler Handler, EngineEvent Alert, DateTimeOffset Due, int Attempts);
}
