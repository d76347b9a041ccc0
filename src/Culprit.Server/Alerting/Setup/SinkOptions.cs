using Culprit.Server.Alerting.Sinks;

namespace Culprit.Server.Alerting.Setup;

/// <summary>What every sink that speaks HTTP can be told under <c>alerts:sinks:NAME</c>.</summary>
/// <remarks>A class, not a record: a record would print its secrets.</remarks>
internal abstract class SinkOptions
{
    /// <summary>What the sink speaks: <c>webhook</c>, <c>pagerduty</c>, <c>opsgenie</c>, <c>slack</c>, <c>teams</c>, <c>email</c>, <c>alertmanager</c>, <c>datadog</c> or <c>console</c>.</summary>
    public string Type { get; set; } = "";

    /// <summary>Also connect to private networks (10.0.0.0/8, fc00::/7 and the like) and this machine, with TLS. Default false.</summary>
    /// <remarks>
    /// Turning it on lets whoever may change the configuration or the receiver's DNS reach inside the network. Metadata services of
    /// clouds and link-local addresses stay closed.
    /// </remarks>
    public bool AllowPrivate { get; set; }

    /// <summary>Also connect to this machine, there also without TLS. Default false.</summary>
    public bool AllowLoopback { get; set; }

    /// <summary>Address of an incident's page, with <c>{id}</c> for its id; linked from messages. Default none.</summary>
    public string? IncidentUrl { get; set; }

    /// <summary>Address of a runbook, with <c>{path}</c> for its path; linked from messages. Default none.</summary>
    public string? RunbookUrl { get; set; }

    /// <summary>Where messages are sent.</summary>
    public abstract string Target { get; }

    /// <summary>Values that must never be shown, also not when a receiver's answer repeats them.</summary>
    public abstract IEnumerable<string> Secrets();

    /// <summary>Each mistake names key, value and what is allowed; values of secrets are not named.</summary>
    /// <param name="path">Such as <c>alerts:sinks:NAME</c>.</param>
    public IEnumerable<string> Mistakes(string path) => OwnMistakes(path)
        .Concat(LinkMistakes($"{path}:incidentUrl", IncidentUrl, "{id}"))
        .Concat(LinkMistakes($"{path}:runbookUrl", RunbookUrl, "{path}"));

    protected abstract IEnumerable<string> OwnMistakes(string path);

    /// <param name="isSecret">The address itself lets people in, as those of Slack do.</param>
    protected IEnumerable<string> UrlMistakes(string key, string value, bool isSecret)
    {
        const string Allowed = "an https address without user name or fragment (http only to this machine, with allowLoopback: true)";
        var isUrl = Uri.TryCreate(value, UriKind.Absolute, out var url)
            && url.UserInfo.Length == 0
            && url.Fragment.Length == 0
            && url.Host.Length > 0
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && AllowLoopback && url.IsLoopback));
        if (!isUrl)
        {
            yield return isSecret || value.Contains('@', StringComparison.Ordinal)
                ? $"{key}: the value (not shown) is not allowed; use {Allowed}."
                : NotAllowed(key, value, Allowed);
        }
        else if (AddressRules.LiteralOf(url!) is { } address && AddressRules.Refuse(address, this) is { } reason)
        {
            yield return $"{key}: {reason}.";
        }
    }

    protected static string NotAllowed(string key, string value, string allowed) => SectionBinder.NotAllowed(key, value, allowed);

    private static IEnumerable<string> LinkMistakes(string key, string? value, string placeholder)
    {
        if (value is not null
            && !(Uri.TryCreate(value.Replace(placeholder, "x", StringComparison.Ordinal), UriKind.Absolute, out var url)
                && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
                && value.Contains(placeholder, StringComparison.Ordinal)
                && value.Length <= 1000))
        {
            yield return NotAllowed(key, value, $"an http or https address with {placeholder} in it, at most 1000 characters");
        }
    }
}
