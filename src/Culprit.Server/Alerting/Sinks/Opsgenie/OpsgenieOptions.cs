using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Opsgenie;

/// <summary><c>type: opsgenie</c>: the alert API of Opsgenie, and of Jira Service Management, which replaces it.</summary>
internal sealed class OpsgenieOptions : SinkOptions
{
    /// <summary>Key of an API integration. Required.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// Address of the alerts. Default Opsgenie's American region; <c>https://api.eu.opsgenie.com/v2/alerts</c> is the European,
    /// <c>https://api.atlassian.com/jsm/ops/integration/v2/alerts</c> Jira Service Management.
    /// </summary>
    public string Url { get; set; } = "https://api.opsgenie.com/v2/alerts";

    /// <summary>Names of teams that are told, up to 50. Default: whom the integration names.</summary>
    public List<string> Teams { get; set; } = [];

    /// <summary>Tags of every alert, up to 10 of 50 characters. Default none.</summary>
    public List<string> Tags { get; set; } = [];

    /// <summary>Priority per severity. Default critical P1, high P2, medium P3, low P4.</summary>
    public Dictionary<string, string> Priorities { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    public override string Target => Url;

    public override IEnumerable<string> Secrets() => [ApiKey];

    public string PriorityOf(IncidentSeverity severity) => Priorities.TryGetValue(severity.ToWire(), out var priority)
        ? priority.ToUpperInvariant()
        : severity switch
        {
            IncidentSeverity.Critical => "P1",
            IncidentSeverity.High => "P2",
            IncidentSeverity.Medium => "P3",
            IncidentSeverity.Low => "P4",
            _ => throw new System.Diagnostics.UnreachableException("Unknown severity."),
        };

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        foreach (var mistake in UrlMistakes($"{path}:url", Url, isSecret: false))
        {
            yield return mistake;
        }

        if (Url.Contains('?', StringComparison.Ordinal))
        {
            yield return NotAllowed($"{path}:url", Url, "an address without a query");
        }

        if (ApiKey.Length is < 8 or > 200 || !ApiKey.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            yield return $"{path}:apiKey: the value (not shown) is not allowed; use the key of an API integration.";
        }

        foreach (var (severity, priority) in Priorities)
        {
            if (!SeverityWords.TryParse(severity, out _))
            {
                yield return NotAllowed($"{path}:priorities", severity, SeverityWords.Allowed);
            }
            else if (priority.ToUpperInvariant() is not ("P1" or "P2" or "P3" or "P4" or "P5"))
            {
                yield return NotAllowed($"{path}:priorities:{severity}", priority, "P1, P2, P3, P4 or P5");
            }
        }

        if (Teams.Count > 50)
        {
            yield return NotAllowed($"{path}:teams", $"{Teams.Count} teams", "at most 50");
        }

        if (Tags.Count > 10)
        {
            yield return NotAllowed($"{path}:tags", $"{Tags.Count} tags", "at most 10");
        }

        foreach (var tag in Tags.Where(tag => tag.Length is 0 or > 50))
        {
            yield return NotAllowed($"{path}:tags", tag, "1 to 50 characters");
        }
    }
}
