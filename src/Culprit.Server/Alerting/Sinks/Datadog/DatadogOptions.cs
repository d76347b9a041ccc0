using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Datadog;

/// <summary><c>type: datadog</c>: events in Datadog's Event Explorer.</summary>
internal sealed class DatadogOptions : SinkOptions
{
    private const int MaxTags = 20;

    /// <summary>An API key of the organisation: 32 letters and digits. Required.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>The site on which the organisation is, such as <c>datadoghq.eu</c> or <c>us5.datadoghq.com</c>. Default <c>datadoghq.com</c>.</summary>
    public string Site { get; set; } = "datadoghq.com";

    /// <summary>Default <c>https://api.SITE/api/v1/events</c>; another for a proxy.</summary>
    public string? Url { get; set; }

    /// <summary>Tags of every event, up to 20 of 200 characters, such as <c>team:payments</c>. Default none.</summary>
    public List<string> Tags { get; set; } = [];

    public override string Target => Url ?? $"https://api.{Site}/api/v1/events";

    public override IEnumerable<string> Secrets() => [ApiKey];

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        if (ApiKey.Length != 32 || !ApiKey.All(char.IsAsciiLetterOrDigit))
        {
            yield return $"{path}:apiKey: the value (not shown) is not allowed; use an API key of 32 letters and digits.";
        }

        if (Url is null && (!Site.Contains('.', StringComparison.Ordinal) || !Site.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')))
        {
            yield return NotAllowed($"{path}:site", Site, "a site of Datadog such as datadoghq.com, datadoghq.eu, us3.datadoghq.com, us5.datadoghq.com, ap1.datadoghq.com, ap2.datadoghq.com or ddog-gov.com");
        }
        else
        {
            foreach (var mistake in UrlMistakes(Url is null ? $"{path}:site" : $"{path}:url", Target, isSecret: false))
            {
                yield return mistake;
            }
        }

        if (Tags.Count > MaxTags)
        {
            yield return NotAllowed($"{path}:tags", $"{Tags.Count} tags", $"at most {MaxTags}");
        }

        foreach (var tag in Tags.Where(tag => tag != DatadogMessage.Tag(tag)))
        {
            yield return NotAllowed($"{path}:tags", tag, "small letters, digits, _, -, :, . and /, beginning with a letter, at most 200 characters");
        }
    }
}
