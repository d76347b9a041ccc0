namespace Culprit.Engine.Evaluation;

/// <summary>One time at which a rule or a detector would have fired.</summary>
/// <param name="Detector">Name of the detector; <c>rule:NAME</c> for a rule.</param>
/// <param name="Observed">In words; may quote logs.</param>
/// <param name="IncidentId">The incident that it opened or joined; null for a rule that raises nothing.</param>
internal sealed record BacktestFinding(
    DateTimeOffset At, string Detector, string AnomalyType, string Environment, IReadOnlyList<string> Services, string Observed, string? IncidentId);

/// <summary>An incident that really was, which a backtest should find.</summary>
/// <param name="Services">Those affected; empty when nobody said, and then the time alone decides.</param>
internal sealed record KnownIncident(string Id, DateTimeOffset Start, DateTimeOffset End, IReadOnlyList<string> Services);
