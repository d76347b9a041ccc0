using System.Buffers.Binary;

namespace Culprit.Server.Querying;

/// <summary>Where an event is kept. At the same time the effect comes before its cause, newest first: the numbers are that order.</summary>
internal enum EventStream : byte
{
    Records = 0,
    Errors = 1,
    Derived = 2,
}

/// <summary>The last event of a page of <c>GET /events</c>; the next page begins strictly after it. Opaque to clients.</summary>
/// <remarks>
/// Time, stream and row of an event never change and order all events, so whatever is written between two pages, no event
/// comes twice, and none is missed that was there at the first page.
/// </remarks>
/// <param name="Query">Hash of the filters: a cursor is good only for the query that made it.</param>
internal readonly record struct EventCursor(uint Query, long TimestampNanos, EventStream Stream, long Row)
{
    // u8 version, u8 stream, u32 query, i64 time, i64 row, u32 checksum.
    private const byte Version = 2;
    private const int Bytes = 2 + 4 + 16 + CursorText.ChecksumBytes;

    /// <summary>The position after which a stream goes on: what it has at the cursor's very time comes before or after the cursor.</summary>
    public (long TimestampNanos, long Row) After(EventStream stream) => (
        TimestampNanos,
        stream == Stream ? Row : stream < Stream ? long.MaxValue : long.MinValue);

    public string Encode()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[1] = (byte)Stream;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[2..], Query);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[6..], TimestampNanos);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[14..], Row);
        return CursorText.Encode(bytes, Version);
    }

    public static bool TryDecode(string text, out EventCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (!CursorText.TryDecode(text, Version, bytes) || bytes[1] > (byte)EventStream.Derived)
        {
            return false;
        }

        cursor = new EventCursor(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[6..]),
            (EventStream)bytes[1],
            BinaryPrimitives.ReadInt64LittleEndian(bytes[14..]));
        return true;
    }
}
