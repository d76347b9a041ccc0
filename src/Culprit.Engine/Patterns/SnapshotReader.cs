using System.Buffers.Binary;

namespace Culprit.Engine.Patterns;

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote; damaged input sets <see cref="Failed"/> and reads as zeros.</summary>
internal ref struct SnapshotReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public bool Failed { get; private set; }

    public readonly bool AtEnd => _rest.IsEmpty;

    public ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_rest.IsEmpty)
            {
                break;
            }

            var b = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        return Fail();
    }

    /// <summary>A number that must lie in [0, <paramref name="max"/>].</summary>
    public int Number(int max)
    {
        var value = Number();
        return value <= (ulong)max ? (int)value : (int)Fail();
    }

    /// <summary>How many items follow, each of at least one byte.</summary>
    public int Count() => Number(_rest.Length);

    public bool Flag() => Number(1) == 1;

    public ulong Hash()
    {
        if (_rest.Length < 8)
        {
            return Fail();
        }

        var value = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
        _rest = _rest[8..];
        return value;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Count();
        if (length > _rest.Length)
        {
            Fail();
            return default;
        }

        var value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }

    public ulong Fail()
    {
        Failed = true;
        _rest = default;
        return 0;
    }
}
