using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;

namespace Culprit.Engine.Rules;

/// <summary>A rule that fires raises an anomaly, which takes the way of every other: incident, root cause, alert.</summary>
/// <param name="Type">What kind of fault it shows.</param>
/// <param name="Severity">At least so severe is the incident.</param>
/// <param name="Message">What is observed, in words for people.</param>
internal sealed record RaiseAction(AnomalyType Type, IncidentSeverity Severity, MessageTemplate Message);
