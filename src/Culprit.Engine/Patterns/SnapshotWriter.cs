using System.Buffers;
using System.Buffers.Binary;

namespace Culprit.Engine.Patterns;

/// <summary>Writes numbers and byte strings of a miner's snapshot, small numbers in few bytes.</summary>
internal readonly struct SnapshotWriter(IBufferWriter<byte> output)
{
    public void Number(ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    public void Number(int value) => Number((ulong)(uint)value);

    public void Flag(bool value) => Number(value ? 1UL : 0UL);

    /// <summary>A hash: eight bytes, since small values are rare.</summary>
    public void Hash(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        output.Write(value);
    }
}
