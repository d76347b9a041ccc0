using Culprit.Engine.Alerting;

namespace Culprit.Engine.Extending;

/// <summary>Receives alerts. Makes one attempt; retries and their order within an incident are taken care of.</summary>
/// <remarks>At least once: the alert's id tells a repetition. An exception counts as <see cref="DeliveryOutcome.Retryable"/>.</remarks>
public interface IAlertHandler
{
    /// <summary>Unique and stable: undelivered alerts are kept under it.</summary>
    string Name { get; }

    /// <param name="alert">Of type <c>alert.firing</c>, <c>alert.updated</c>, <c>alert.acknowledged</c>, <c>alert.repeated</c>, <c>alert.escalated</c> or <c>alert.resolved</c>.</param>
    Task<DeliveryResult> DeliverAsync(EngineEvent alert, CancellationToken cancellationToken);
}
