namespace Culprit.Server.Configuration;

/// <summary>Sending metrics and incidents to Datadog.</summary>
/// <remarks>A class, not a record: a record would print its key.</remarks>
internal sealed class DatadogSection
{
    /// <summary>API key; also <c>CULPRIT_datadog__apiKey</c>. Default: none, nothing is sent.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Site such as <c>datadoghq.eu</c>, or the full address of a relay. Default <c>datadoghq.com</c>.</summary>
    /// <remarks>An address may be plain http only when it is this machine.</remarks>
    public string Site { get; set; } = "datadoghq.com";

    internal bool IsOn => !string.IsNullOrEmpty(ApiKey);

    /// <summary>Null when <see cref="Site"/> is neither a host name nor an address that may be used.</summary>
    internal Uri? Address
    {
        get
        {
            if (!Site.Contains("://", StringComparison.Ordinal))
            {
                return Uri.CheckHostName(Site) == UriHostNameType.Dns && Site.Contains('.', StringComparison.Ordinal)
                    ? new Uri($"https://api.{Site}/")
                    : null;
            }

            return Uri.TryCreate(Site, UriKind.Absolute, out var url)
                && url.UserInfo.Length == 0
                && url.PathAndQuery == "/"
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
                    ? url
                    : null;
        }
    }

    internal IEnumerable<string> Mistakes()
    {
        if (IsOn && !(ApiKey!.Length is >= 8 and <= 128 && ApiKey.All(char.IsAsciiLetterOrDigit)))
        {
            yield return "datadog:apiKey: the value (not shown) is not allowed; use 8 to 128 letters and digits.";
        }

        if (Address is null)
        {
            yield return $"datadog:site: '{(Site.Contains('@', StringComparison.Ordinal) ? "(not shown)" : Site)}' is not allowed; "
                + "use a site such as datadoghq.eu, or https://HOST (http only to this machine).";
        }
    }
}
