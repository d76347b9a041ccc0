namespace Culprit.Server.Alerting.Delivery;

/// <summary>A part of the outbox that is served by itself, so that no other part waits for it.</summary>
internal interface IAlertLane
{
    string Name { get; }

    /// <summary>Does what is due now. Returns when to be called again at the latest; null: only when there are new alerts.</summary>
    Task<TimeSpan?> ServeAsync(CancellationToken cancellationToken);
}
