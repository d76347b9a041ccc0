using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Alertmanager;

/// <summary><c>type: alertmanager</c>: Prometheus Alertmanager 0.27 or newer, which then groups, routes and silences by its own rules.</summary>
internal sealed class AlertmanagerOptions : SinkOptions
{
    private const int MaxLabels = 20;
    private const int MaxLabel = 200;

    /// <summary>Its address, with its path prefix if it has one; <c>/api/v2/alerts</c> is added. Required.</summary>
    public string Url { get; set; } = "";

    /// <summary>Sent as <c>Authorization: Bearer</c>. Default: none.</summary>
    public string? BearerToken { get; set; }

    /// <summary>Labels that every alert of this sink gets, for its routes. Default: none.</summary>
    public Dictionary<string, string> Labels { get; set; } = new(StringComparer.Ordinal);

    public override string Target => Url;

    public override IEnumerable<string> Secrets() => BearerToken is { } token ? [token] : [];

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        foreach (var mistake in UrlMistakes($"{path}:url", Url, isSecret: false))
        {
            yield return mistake;
        }

        if (Labels.Count > MaxLabels)
        {
            yield return NotAllowed($"{path}:labels", $"{Labels.Count} labels", $"at most {MaxLabels}");
        }

        foreach (var (name, value) in Labels)
        {
            if (!IsLabelName(name) || AlertmanagerMessage.IsOwnLabel(name))
            {
                yield return NotAllowed($"{path}:labels", name, "letters, digits and _, not beginning with a digit, and none of alertname, incident_id, environment, source");
            }

            if (value.Length is 0 or > MaxLabel)
            {
                yield return NotAllowed($"{path}:labels:{name}", value, $"1 to {MaxLabel} characters");
            }
        }
    }

    private static bool IsLabelName(string name) =>
        name.Length is > 0 and <= MaxLabel && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
