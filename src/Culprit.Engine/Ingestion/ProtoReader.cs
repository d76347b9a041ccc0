using System.Buffers.Binary;

namespace Culprit.Engine.Ingestion;

/// <summary>Steps through the fields of one protobuf message where it lies; nothing is copied.</summary>
/// <remarks>Made for hostile bytes: a length is held against what is left before it is used, and what is broken ends the reading.</remarks>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint Bytes = 2;
    public const uint Fixed32 = 5;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number and wire type of the field that was read: <c>number &lt;&lt; 3 | type</c>.</summary>
    public uint Tag { get; private set; }

    /// <summary>The value of a varint or fixed field.</summary>
    public ulong Value { get; private set; }

    /// <summary>The content of a length-delimited field: a message, text, bytes or packed numbers.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The message is not well-formed; nothing that was read of it can be trusted.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>A fixed field that holds a double.</summary>
    public readonly double Double => BitConverter.UInt64BitsToDouble(Value);

    /// <summary>A varint in zigzag form.</summary>
    public readonly int SInt32 => (int)((uint)Value >> 1) ^ -(int)(Value & 1);

    /// <summary>Reads the next field; false at the end, and when the message is broken.</summary>
    public bool Read()
    {
        if (_rest.IsEmpty || IsBroken)
        {
            return false;
        }

        if (!TryReadVarint(ref _rest, out var tag) || tag > uint.MaxValue || tag >> 3 == 0)
        {
            return Break();
        }

        Tag = (uint)tag;
        switch (Tag & 7)
        {
            case Varint:
                return TryReadVarint(ref _rest, out var varint) ? Set(varint) : Break();
            case Fixed64:
                return TryReadFixed64(ref _rest, out var wide) ? Set(wide) : Break();
            case Bytes:
                if (!TryReadVarint(ref _rest, out var length) || length > (ulong)_rest.Length)
                {
                    return Break();
                }

                Content = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            case Fixed32 when _rest.Length >= 4:
                Value = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
                _rest = _rest[4..];
                return true;
            default:
                // Groups were given up before OTLP existed.
                return Break();
        }
    }

    /// <summary>Takes the first varint off the bytes; false when it does not end within 10 bytes.</summary>
    public static bool TryReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            var b = bytes[i];
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the first 8 bytes off, as packed numbers lie.</summary>
    public static bool TryReadFixed64(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        if (!BinaryPrimitives.TryReadUInt64LittleEndian(bytes, out value))
        {
            return false;
        }

        bytes = bytes[8..];
        return true;
    }

    private bool Set(ulong value)
    {
        Value = value;
        return true;
    }

    private bool Break()
    {
        IsBroken = true;
        return false;
    }
}
