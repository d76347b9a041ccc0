namespace Culprit.Server.Alerting.Sinks.Webhook;

/// <summary>The key of one signature, as the Standard Webhooks specification writes it.</summary>
internal static class WebhookSecret
{
    public const string Prefix = "whsec_";
    public const string Allowed = "whsec_ and 24 to 64 random bytes in base64, such as from: echo whsec_$(openssl rand -base64 32)";

    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    /// <summary>The bytes of the key; null when the text is not one.</summary>
    public static byte[]? TryParse(string text)
    {
        Span<byte> key = stackalloc byte[MaxBytes];
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..], key, out var length)
            && length >= MinBytes
                ? key[..length].ToArray()
                : null;
    }
}
