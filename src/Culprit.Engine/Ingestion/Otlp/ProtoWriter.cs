using System.Buffers.Binary;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Builds one protobuf message in memory that is kept for the next.</summary>
internal sealed class ProtoWriter
{
    // A length is known only after its message: 4 bytes are kept free for it, as a varint that is longer than it must be.
    private const int LengthBytes = 4;

    // What one huge body blew up is not kept for the next small one.
    private const int MaxKeptBytes = 8 * 1024 * 1024;

    private byte[] _bytes = new byte[16 * 1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > MaxKeptBytes)
        {
            _bytes = new byte[16 * 1024];
        }
    }

    /// <summary>Takes back everything written since the length was this.</summary>
    public void CutTo(int length) => Length = length;

    /// <summary>Opens a message inside; pass what is returned to <see cref="End"/>.</summary>
    public int Begin(int field)
    {
        Tag(field, ProtoReader.Bytes);
        Ensure(LengthBytes);
        Length += LengthBytes;
        return Length;
    }

    public void End(int start)
    {
        var length = Length - start;
        var at = _bytes.AsSpan(start - LengthBytes, LengthBytes);
        at[0] = (byte)(length | 0x80);
        at[1] = (byte)((length >> 7) | 0x80);
        at[2] = (byte)((length >> 14) | 0x80);
        at[3] = (byte)(length >> 21);
    }

    public void Varint(int field, ulong value)
    {
        Tag(field, ProtoReader.Varint);
        Varint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Tag(field, ProtoReader.Fixed64);
        Fixed64(value);
    }

    public void Fixed32(int field, uint value)
    {
        Tag(field, ProtoReader.Fixed32);
        Ensure(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    public void Content(int field, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(field, bytes.Length));

    /// <summary>A length-delimited field whose bytes the caller fills in at once.</summary>
    public Span<byte> Reserve(int field, int length)
    {
        Tag(field, ProtoReader.Bytes);
        Varint((ulong)length);
        Ensure(length);
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    /// <summary>A number of a packed field, between <see cref="Begin"/> and <see cref="End"/>.</summary>
    public void Varint(ulong value)
    {
        Ensure(10);
        while (value >= 0x80)
        {
            _bytes[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[Length++] = (byte)value;
    }

    /// <inheritdoc cref="Varint(ulong)"/>
    public void Fixed64(ulong value)
    {
        Ensure(8);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(Length), value);
        Length += 8;
    }

    private void Tag(int field, uint type) => Varint(((uint)field << 3) | type);

    private void Ensure(int more)
    {
        if (_bytes.Length - Length < more)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
        }
    }
}
