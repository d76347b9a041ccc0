namespace Culprit.Engine.Alerting;

/// <summary>An incident that the engine holds to be open, as its stored events tell it.</summary>
/// <param name="StateJson">Its newest event of the type <c>incident.*</c>.</param>
internal sealed record KnownIncident(string Id, string Environment, ReadOnlyMemory<byte> StateJson)
{
    /// <summary>The newest event of the type <c>alert.firing</c> or <c>alert.updated</c>; null before the first.</summary>
    public ReadOnlyMemory<byte>? AlertJson { get; init; }

    /// <summary><see cref="AlertJson"/>, read.</summary>
    public Alert? Alert { get; init; }

    /// <summary>Id of the event that opened it or opened it again: tells one bout from the next.</summary>
    public required string OpenedBy { get; init; }

    /// <summary>The service that its newest explanation blames; null when it blames none.</summary>
    public string? SuspectedCause { get; init; }

    /// <summary>What people did last since it was opened.</summary>
    public IncidentAct? Act { get; init; }
}
