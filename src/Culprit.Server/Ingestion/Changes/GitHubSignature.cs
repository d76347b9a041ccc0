using System.Security.Cryptography;
using System.Text;

namespace Culprit.Server.Ingestion.Changes;

/// <summary>Checks <c>X-Hub-Signature-256</c>: HMAC-SHA256 of the body with the webhook's secret.</summary>
/// <remarks>https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries</remarks>
internal static class GitHubSignature
{
    private const string Prefix = "sha256=";

    public static bool IsValid(string secret, string header, ReadOnlySpan<byte> body)
    {
        if (!header.StartsWith(Prefix, StringComparison.Ordinal) || header.Length != Prefix.Length + (2 * HMACSHA256.HashSizeInBytes))
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, expected);
        Span<byte> sent = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(header.AsSpan(Prefix.Length), sent, out _, out _) == System.Buffers.OperationStatus.Done
            && CryptographicOperations.FixedTimeEquals(expected, sent);
    }
}
