using System.Buffers.Binary;
using System.Numerics;

namespace Culprit.Server.Journal;

/// <summary>CRC-32C (Castagnoli) by the processor's own instruction where it has one.</summary>
internal static class Crc32C
{
    /// <summary>The register before the first byte; the checksum is the complement of the register after the last.</summary>
    public const uint Start = uint.MaxValue;

    /// <summary>Runs the register over the bytes, so that a checksum can be built from parts.</summary>
    public static uint Append(uint register, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            register = BitOperations.Crc32C(register, b);
        }

        return register;
    }
}
