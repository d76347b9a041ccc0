using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;

namespace Culprit.Server.Querying;

/// <summary>A cursor as clients see it: fixed bytes, the first of them the version, the last four a checksum, in base64url.</summary>
internal static class CursorText
{
    public const int ChecksumBytes = sizeof(uint);

    /// <summary>Fills in version and checksum.</summary>
    public static string Encode(Span<byte> bytes, byte version)
    {
        bytes[0] = version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^ChecksumBytes..], XxHash32.HashToUInt32(bytes[..^ChecksumBytes]));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>False when the text is not a whole cursor of that version.</summary>
    public static bool TryDecode(string text, byte version, Span<byte> bytes) =>
        text.Length == Base64Url.GetEncodedLength(bytes.Length)
        && Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done
        && written == bytes.Length
        && bytes[0] == version
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..]) == XxHash32.HashToUInt32(bytes[..^ChecksumBytes]);
}
