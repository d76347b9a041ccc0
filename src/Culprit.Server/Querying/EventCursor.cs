using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;

namespace Culprit.Server.Querying;

/// <summary>A position in one of the merged streams: strictly after this (time, row).</summary>
internal readonly record struct StreamPosition(long TimestampNanos, long Row);

/// <summary>Where a page of <c>GET /events</c> ended, in every stream that it merges. Opaque to clients.</summary>
/// <param name="Query">Hash of the filters: a cursor is good only for the query that made it.</param>
internal readonly record struct EventCursor(uint Query, StreamPosition? Records, StreamPosition? Derived, StreamPosition? Errors)
{
    // u8 version, u8 which positions are set, u32 query, 3 x (i64 time, i64 row), u32 checksum.
    private const byte Version = 1;
    private const int Bytes = 2 + 4 + (3 * 16) + 4;

    public string Encode()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes.Clear();
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[2..], Query);
        Put(bytes, 0, Records);
        Put(bytes, 1, Derived);
        Put(bytes, 2, Errors);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^4..], XxHash32.HashToUInt32(bytes[..^4]));
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryDecode(string text, out EventCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (text.Length != Base64Url.GetEncodedLength(Bytes)
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != System.Buffers.OperationStatus.Done
            || written != Bytes
            || bytes[0] != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != XxHash32.HashToUInt32(bytes[..^4]))
        {
            return false;
        }

        cursor = new EventCursor(BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]), Get(bytes, 0), Get(bytes, 1), Get(bytes, 2));
        return true;
    }

    private static void Put(Span<byte> bytes, int stream, StreamPosition? position)
    {
        if (position is { } at)
        {
            bytes[1] |= (byte)(1 << stream);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(6 + (16 * stream))..], at.TimestampNanos);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(14 + (16 * stream))..], at.Row);
        }
    }

    private static StreamPosition? Get(ReadOnlySpan<byte> bytes, int stream) => (bytes[1] & (1 << stream)) == 0
        ? null
        : new StreamPosition(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[(6 + (16 * stream))..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[(14 + (16 * stream))..]));
}
