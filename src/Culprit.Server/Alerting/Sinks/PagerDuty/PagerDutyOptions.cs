using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.PagerDuty;

/// <summary><c>type: pagerduty</c>: PagerDuty's Events API v2.</summary>
internal sealed class PagerDutyOptions : SinkOptions
{
    private const string Enqueue = "/enqueue";

    /// <summary>Key of the integration "Events API v2" of a service: 32 letters and digits. Required.</summary>
    public string RoutingKey { get; set; } = "";

    /// <summary>Default the American service region; <c>https://events.eu.pagerduty.com/v2/enqueue</c> is the European.</summary>
    public string Url { get; set; } = "https://events.pagerduty.com/v2/enqueue";

    /// <summary>Also send the changes that come to Culprit (<c>POST /changes</c>, GitHub), as change events of the same service. Default false.</summary>
    public bool Changes { get; set; }

    /// <summary>Where change events go; null when they go nowhere.</summary>
    internal Uri? ChangeUrl => Changes && Url.EndsWith(Enqueue, StringComparison.Ordinal) ? new Uri($"{Url[..^Enqueue.Length]}/change{Enqueue}") : null;

    public override string Target => Url;

    public override IEnumerable<string> Secrets() => [RoutingKey];

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        foreach (var mistake in UrlMistakes($"{path}:url", Url, isSecret: false))
        {
            yield return mistake;
        }

        if (Changes && !Url.EndsWith(Enqueue, StringComparison.Ordinal))
        {
            yield return NotAllowed($"{path}:url", Url, $"an address that ends in {Enqueue}: changes go to /change{Enqueue} beside it");
        }

        if (RoutingKey.Length != 32 || !RoutingKey.All(char.IsAsciiLetterOrDigit))
        {
            yield return $"{path}:routingKey: the value (not shown) is not allowed; use the integration's key of 32 letters and digits.";
        }
    }
}
