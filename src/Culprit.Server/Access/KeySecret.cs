using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Culprit.Server.Access;

/// <summary>The secret that is an API key: <c>culprit_</c> and 256 random bits.</summary>
internal static class KeySecret
{
    private const string Prefix = "culprit_";
    private const int Bits = 256;
    private const int Length = 8 + 43;

    /// <summary>A new one. It is shown once, and only its hash is kept.</summary>
    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bits / 8));

    /// <summary>Whether a text may be one: other products' credentials are told apart by their form, not refused as unknown keys.</summary>
    public static bool HasForm(string text) => text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal);

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The id of the key: it follows from the hash, so it names the key and nothing more.</summary>
    public static string IdOf(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash[..6]);
}
