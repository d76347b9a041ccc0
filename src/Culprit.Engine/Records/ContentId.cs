using System.IO.Hashing;
using System.Text;

namespace Culprit.Engine.Records;

/// <summary>Ids of what the engine makes: a hash of what it is about, so that a replay makes the same ones.</summary>
internal static class ContentId
{
    /// <summary>32 hex digits of XXH128 over the parts; parts are length-prefixed, so they cannot run together.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var hash = new XxHash128();
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var utf8 = Encoding.UTF8.GetBytes(part);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            hash.Append(length);
            hash.Append(utf8);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
