namespace Culprit.Engine.Rules;

/// <summary>What a handler says of an event.</summary>
/// <param name="IsDone">True: never again. False: once more later.</param>
/// <param name="RetryAfter">When the handler knows how long to wait; else the pause grows by itself.</param>
/// <param name="Reason">Why it is not done.</param>
public sealed record TriggerResult(bool IsDone, TimeSpan? RetryAfter, string? Reason)
{
    /// <summary>Done.</summary>
    public static TriggerResult Ack { get; } = new(true, null, null);

    /// <summary>Not done: call again later.</summary>
    public static TriggerResult Nack(string reason, TimeSpan? retryAfter = null) => new(false, retryAfter, reason);
}
