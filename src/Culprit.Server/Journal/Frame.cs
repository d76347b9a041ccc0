using System.Buffers.Binary;

namespace Culprit.Server.Journal;

/// <summary>The layout of one frame: u32 payload length, u32 checksum, u8 kind, i64 sequence, payload.</summary>
/// <remarks>
/// The checksum runs over the payload first, then salt, length, kind and sequence. In this order the long part
/// is computed by the appending thread before the sequence is known, and is reused when a frame is rewritten elsewhere.
/// </remarks>
internal static class Frame
{
    public const int HeaderBytes = 17;
    public const byte BatchKind = 1;
    public const byte TickKind = 2;
    public const int TickBytes = sizeof(long);

    /// <summary>No entry uses fewer bytes of a segment for one sequence; bounds what damaged bytes can have held.</summary>
    public const int MinBytesPerSequence = HeaderBytes + TickBytes;

    /// <summary>The checksum register after the payload.</summary>
    public static uint PayloadRegister(ReadOnlySpan<byte> payload) => Crc32C.Append(Crc32C.Start, payload);

    /// <summary>The finished checksum.</summary>
    /// <param name="salt">
    /// The segment's secret: log text is hostile, and without it a sender could put a valid frame inside a message,
    /// to be found by the search for the next frame after damage.
    /// </param>
    public static uint Checksum(uint payloadRegister, uint salt, int length, byte kind, long sequence)
    {
        Span<byte> trailer = stackalloc byte[17];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, salt);
        BinaryPrimitives.WriteInt32LittleEndian(trailer[4..], length);
        trailer[8] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(trailer[9..], sequence);
        return ~Crc32C.Append(payloadRegister, trailer);
    }

    public static void WriteHeader(Span<byte> to, int length, uint checksum, byte kind, long sequence)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], checksum);
        to[8] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(to[9..], sequence);
    }

    public static FrameHeader ReadHeader(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt32LittleEndian(from),
        BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
        from[8],
        BinaryPrimitives.ReadInt64LittleEndian(from[9..]));
}

/// <summary>What the first bytes of a frame say; nothing of it may be believed before the checksum agrees.</summary>
internal readonly record struct FrameHeader(int Length, uint Checksum, byte Kind, long Sequence);
