using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Webhook;

/// <summary><c>type: webhook</c>: the alert event as JSON, signed after the Standard Webhooks specification.</summary>
internal sealed class WebhookOptions : SinkOptions
{
    /// <summary>Where alerts are posted. Required.</summary>
    public string Url { get; set; } = "";

    /// <summary><c>whsec_</c> and 24 to 64 random bytes in base64. Required; each one adds a signature, so that secrets can be rotated.</summary>
    /// <remarks>To rotate: add the new one here, then replace the old one at the receiver, then remove the old one here.</remarks>
    public List<string> SigningSecrets { get; set; } = [];

    public override string Target => Url;

    public override IEnumerable<string> Secrets() =>
        SigningSecrets.SelectMany(s => new[] { s, s.Replace(WebhookSecret.Prefix, "", StringComparison.Ordinal) });

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        foreach (var mistake in UrlMistakes($"{path}:url", Url, isSecret: false))
        {
            yield return mistake;
        }

        if (SigningSecrets.Count is 0 or > 8)
        {
            yield return NotAllowed($"{path}:signingSecrets", $"{SigningSecrets.Count} secrets", "1 to 8 secrets");
        }

        for (var i = 0; i < SigningSecrets.Count; i++)
        {
            if (WebhookSecret.TryParse(SigningSecrets[i]) is null)
            {
                yield return $"{path}:signingSecrets:{i}: the value (not shown) is not allowed; use {WebhookSecret.Allowed}.";
            }
        }
    }
}
