using System.Collections.Concurrent;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Tests.Alerting;

/// <summary>A sink that answers as the test says, and remembers every attempt with its time.</summary>
internal sealed class ScriptedSink(string name, TimeProvider clock, Func<OutboxItem, Task<DeliveryResult>> script) : IAlertSink
{
    public static readonly DeliveryResult Delivered = new(DeliveryOutcome.Delivered);
    public static readonly DeliveryResult Down = new(DeliveryOutcome.Retryable, "HTTP 503");

    public ScriptedSink(string name, TimeProvider clock, Func<OutboxItem, DeliveryResult> script)
        : this(name, clock, alert => Task.FromResult(script(alert)))
    {
    }

    public string Name => name;

    public ConcurrentQueue<(OutboxItem Alert, DateTimeOffset At, DeliveryResult Result)> Attempts { get; } = [];

    /// <summary>Ids that were taken, in order.</summary>
    public IEnumerable<string> Taken => Attempts.Where(a => a.Result.Outcome == DeliveryOutcome.Delivered).Select(a => a.Alert.Id);

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        var result = await script(alert).WaitAsync(cancellationToken);
        Attempts.Enqueue((alert, clock.GetUtcNow(), result));
        return result;
    }
}
