using System.Buffers.Binary;

namespace Culprit.Server.Journal;

/// <summary>The head of a segment file, written twice so that damage to one copy costs no record.</summary>
/// <param name="Version">Format of the whole file; a newer one is refused at start.</param>
/// <param name="JournalId">The journal that the segment belongs to.</param>
/// <param name="First">Sequence of its first entry. The segment before it ends here, whatever bytes follow there.</param>
/// <param name="Salt">Random, part of every checksum (see <see cref="Frame.Checksum"/>).</param>
internal readonly record struct SegmentHeader(uint Version, ulong JournalId, long First, uint Salt)
{
    /// <summary>2: a batch may carry a note. What version 1 wrote reads the same.</summary>
    public const uint CurrentVersion = 2;

    /// <summary>Both copies; the first frame follows.</summary>
    public const int TotalBytes = 2 * CopyBytes;

    private const int CopyBytes = 32;
    private const uint Magic = 0x4C415743; // "CWAL" as it stands in the file.

    public byte[] ToBytes()
    {
        var bytes = new byte[TotalBytes];
        var copy = bytes.AsSpan(0, CopyBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(copy, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[4..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(copy[8..], JournalId);
        BinaryPrimitives.WriteInt64LittleEndian(copy[16..], First);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[24..], Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[28..], ~Crc32C.Append(Crc32C.Start, copy[..28]));
        copy.CopyTo(bytes.AsSpan(CopyBytes));
        return bytes;
    }

    /// <summary>Reads whichever copy is whole; false when neither is.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentHeader header)
    {
        header = default;
        return (bytes.Length >= CopyBytes && TryReadCopy(bytes[..CopyBytes], out header))
            || (bytes.Length >= TotalBytes && TryReadCopy(bytes[CopyBytes..TotalBytes], out header));
    }

    private static bool TryReadCopy(ReadOnlySpan<byte> copy, out SegmentHeader header)
    {
        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(copy[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(copy[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(copy[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(copy[24..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(copy) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(copy[28..]) == ~Crc32C.Append(Crc32C.Start, copy[..28]);
    }
}
