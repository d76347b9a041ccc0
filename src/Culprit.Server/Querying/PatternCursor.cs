using System.Buffers.Binary;

namespace Culprit.Server.Querying;

/// <summary>The last pattern of a page of <c>GET /patterns</c>; the next page begins strictly after it. Opaque to clients.</summary>
/// <remarks>
/// It carries the time of the first page, so that "the last hour" stays the same hour. Counts and last times are not fixed
/// as those of events are: a record that comes late, for that time, may move its pattern to a page already read.
/// </remarks>
/// <param name="Query">Hash of the filters: a cursor is good only for the query that made it.</param>
/// <param name="Rank">The pattern's count, or the time of its newest record when the newest come first.</param>
internal readonly record struct PatternCursor(uint Query, bool NewestFirst, long FromNanos, long ToNanos, long Rank, ulong Id)
{
    // u8 version, u8 order, u32 query, i64 from, i64 to, i64 rank, u64 id, u32 checksum.
    private const byte Version = 1;
    private const int Bytes = 2 + 4 + 32 + CursorText.ChecksumBytes;

    /// <summary>Whether a pattern comes after the cursor: higher ranks first, lower ids first among equals.</summary>
    public bool IsBefore(long rank, ulong id) => rank < Rank || (rank == Rank && id > Id);

    public string Encode()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[1] = NewestFirst ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[2..], Query);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[6..], FromNanos);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[14..], ToNanos);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[22..], Rank);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[30..], Id);
        return CursorText.Encode(bytes, Version);
    }

    public static bool TryDecode(string text, out PatternCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (!CursorText.TryDecode(text, Version, bytes) || bytes[1] > 1)
        {
            return false;
        }

        cursor = new PatternCursor(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]),
            bytes[1] == 1,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[14..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[22..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[30..]));
        return true;
    }
}
