namespace Culprit.Server.Querying;

/// <summary>The wire's types that reading needs to tell apart.</summary>
internal static class EventTypes
{
    public const string Entry = "log.entry";
    public const string Error = "log.error";
    public const string Summary = "log.summary";

    /// <summary>The life of an incident; each such event carries the incident's full state.</summary>
    public static readonly IReadOnlyList<string> Incident =
    [
        "incident.opened", "incident.updated", "incident.acknowledged", "incident.resolved", "incident.reopened",
    ];
}
