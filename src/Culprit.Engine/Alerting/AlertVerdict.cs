namespace Culprit.Engine.Alerting;

/// <summary>What is to be done with an alert for a sink now.</summary>
internal enum AlertDecision : byte
{
    Send = 0,

    /// <summary>Send it, but as news of an alert that the sink knows: it was never told that it ended.</summary>
    SendAsUpdate = 1,

    /// <summary>Not now; judge it again later.</summary>
    Hold = 2,

    /// <summary>Not at all.</summary>
    Drop = 3,
}

/// <summary>What is to be done with an alert for a sink now, and why.</summary>
/// <param name="Reason">In words, for people; empty when it is sent.</param>
/// <param name="Until">Of one that is held: when to look again.</param>
internal readonly record struct AlertVerdict(AlertDecision Decision, string Reason = "", DateTimeOffset Until = default)
{
    public static AlertVerdict Send { get; } = new(AlertDecision.Send);

    public static AlertVerdict Hold(DateTimeOffset until, string reason) => new(AlertDecision.Hold, reason, until);

    public static AlertVerdict Drop(string reason) => new(AlertDecision.Drop, reason);
}
