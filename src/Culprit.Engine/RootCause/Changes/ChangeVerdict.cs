namespace Culprit.Engine.RootCause.Changes;

/// <summary>How well a change explains the trouble.</summary>
/// <param name="Service">Where it took effect; null when everywhere or unknown.</param>
/// <param name="Reason">In words: when and where it took effect, and what it has to do with the errors.</param>
internal sealed record ChangeVerdict(ChangeEvidence Change, string? Service, double Score, string Reason)
{
    /// <summary>The suspect on which it took effect, if one.</summary>
    public string? Suspect { get; init; }

    /// <summary>When it took effect.</summary>
    public DateTimeOffset At { get; init; } = Change.At;
}
