using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Culprit.Server.Alerting.Sinks.Webhook;

/// <summary>Signs a message after the Standard Webhooks specification: HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
internal static class WebhookSignature
{
    /// <summary>The value of <c>webhook-signature</c>: one <c>v1,BASE64</c> per key, separated by spaces.</summary>
    /// <param name="unixSeconds">When this attempt was made: receivers refuse old messages.</param>
    public static string Of(IReadOnlyList<byte[]> keys, string id, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{unixSeconds}."));
        var signatures = new List<string>(keys.Count);
        foreach (var key in keys)
        {
            using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            hmac.AppendData(head);
            hmac.AppendData(body);
            signatures.Add("v1," + Convert.ToBase64String(hmac.GetHashAndReset()));
        }

        return string.Join(' ', signatures);
    }
}
