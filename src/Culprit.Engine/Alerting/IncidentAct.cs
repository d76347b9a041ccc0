namespace Culprit.Engine.Alerting;

/// <summary>What a person did about an incident.</summary>
internal enum ActKind : byte
{
    Acknowledged = 0,
    Resolved = 1,
}

/// <summary>Who did what about an incident.</summary>
/// <param name="At">By the clock of the server.</param>
internal sealed record IncidentAct(ActKind Kind, string By, string? Comment, DateTimeOffset At);
