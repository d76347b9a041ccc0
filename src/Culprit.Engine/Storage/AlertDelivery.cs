namespace Culprit.Engine.Storage;

/// <summary>Where an alert is on its way to a sink; the numbers are stored and never change.</summary>
internal enum DeliveryState : byte
{
    Waiting = 0,
    Delivered = 1,

    /// <summary>It is a dead letter.</summary>
    GivenUp = 2,

    /// <summary>It was not to be sent: silenced to its end, say, or overtaken by a newer one.</summary>
    Dropped = 3,
}

/// <summary>What became of one alert for one sink.</summary>
/// <param name="AlertId">Id of the event.</param>
/// <param name="Type">Type of the event; null when the event is none or gone.</param>
/// <param name="AddedAt">The earliest time when that is not known.</param>
/// <param name="EndedAt">When it was delivered, given up or dropped.</param>
/// <param name="DueAt">Of one that waits: not before then.</param>
/// <param name="Held">Why it is held back, or was when it was dropped; null when it never was.</param>
internal sealed record AlertDelivery(
    string AlertId, string? Type, string Sink, DeliveryState State, int Attempts, DateTimeOffset AddedAt, DateTimeOffset? EndedAt, DateTimeOffset DueAt, string? Held);
