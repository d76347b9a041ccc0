using Culprit.Engine.Correlation;

namespace Culprit.Server.Health;

/// <summary>How a sign of the server's own health reads.</summary>
internal enum SignLevel : byte
{
    Well = 0,

    /// <summary>Between well and bad: it neither raises an alert nor ends one.</summary>
    Doubtful = 1,
    Bad = 2,
}

/// <summary>One thing that can be wrong with this server, as it reads now.</summary>
/// <param name="Id">The same for the same thing: what an alert is about.</param>
/// <param name="Type">Shown as the alert's <c>anomaly_type</c>.</param>
/// <param name="Severity">While it is bad.</param>
/// <param name="Hold">How long it must be bad before an alert fires.</param>
/// <param name="Observed">In words and numbers; never text of logs.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record Sign(
    string Id, string Type, SignLevel Level, IncidentSeverity Severity, TimeSpan Hold, string Observed, string Expected, string Advice);
