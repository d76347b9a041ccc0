namespace Culprit.Engine.Publishing;

/// <summary>The <c>type</c> of log entries and of every event that the engine makes.</summary>
internal static class EventTypes
{
    public const string Entry = "log.entry";
    public const string Error = "log.error";
    public const string Summary = "log.summary";
    public const string Anomaly = "log.anomaly";
    public const string RootCause = "log.root_cause";

    /// <summary>What a model made of an explanation; not of the engine.</summary>
    public const string Analysis = "log.analysis";
    public const string IncidentOpened = "incident.opened";
    public const string IncidentUpdated = "incident.updated";
    public const string IncidentReopened = "incident.reopened";
    public const string IncidentResolved = "incident.resolved";

    /// <summary>Somebody has taken it on; not of the engine.</summary>
    public const string IncidentAcknowledged = "incident.acknowledged";
    public const string AlertFiring = "alert.firing";
    public const string AlertUpdated = "alert.updated";
    public const string AlertAcknowledged = "alert.acknowledged";

    /// <summary>It goes on, and nobody has acknowledged it.</summary>
    public const string AlertRepeated = "alert.repeated";

    /// <summary>Nobody has acknowledged it: now others are told, too.</summary>
    public const string AlertEscalated = "alert.escalated";
    public const string AlertResolved = "alert.resolved";

    /// <summary>A sink does not take alerts; about this server, not about an incident.</summary>
    public const string AlertUndelivered = "alert.undelivered";

    /// <summary>A sink of which <see cref="AlertUndelivered"/> told takes alerts again.</summary>
    public const string AlertRedelivered = "alert.redelivered";

    /// <summary>The life of an incident; each such event carries the incident's full state.</summary>
    public static readonly IReadOnlyList<string> Incident = [IncidentOpened, IncidentUpdated, IncidentReopened, IncidentAcknowledged, IncidentResolved];
}
