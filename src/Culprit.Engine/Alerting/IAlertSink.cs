using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>What became of one attempt to deliver an alert.</summary>
public enum DeliveryOutcome : byte
{
    Delivered = 0,

    /// <summary>Worth another try later.</summary>
    Retryable = 1,

    /// <summary>The receiver will never take it.</summary>
    Rejected = 2,
}

/// <summary>How one attempt to deliver an alert ended.</summary>
/// <param name="Detail">Why it was not delivered, in words.</param>
/// <param name="RetryAfter">When the receiver asked to be tried again, if it did.</param>
public readonly record struct DeliveryResult(DeliveryOutcome Outcome, string? Detail = null, TimeSpan? RetryAfter = null);

/// <summary>One destination of alerts. Makes one attempt; retry, order and grouping belong to the dispatcher.</summary>
internal interface IAlertSink
{
    /// <summary>Unique and stable: the outbox remembers it.</summary>
    string Name { get; }

    Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken);
}
