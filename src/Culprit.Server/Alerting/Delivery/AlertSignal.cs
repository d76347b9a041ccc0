namespace Culprit.Server.Alerting.Delivery;

/// <summary>Tells whoever delivers alerts that there are new ones.</summary>
internal sealed class AlertSignal
{
    private TaskCompletionSource _next = NewSource();

    /// <summary>Completes with the next call of <see cref="Wake"/>. Take it before looking into the outbox: so nothing is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Call after the alerts are durable.</summary>
    public void Wake() => Interlocked.Exchange(ref _next, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
