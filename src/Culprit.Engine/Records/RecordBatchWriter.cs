using System.Buffers.Binary;

namespace Culprit.Engine.Records;

/// <summary>Builds a <see cref="RecordBatch"/>: every parser writes its records here. Reusable; not thread-safe.</summary>
/// <remarks>
/// A record is begun, its fields are appended in any order but each at most once, and it is committed or abandoned:
/// <see cref="Set"/> keeps the bytes in a scratch area until <see cref="Commit"/> lays them out.
/// </remarks>
internal sealed class RecordBatchWriter
{
    private readonly (int Start, int Length)[] _fields = new (int, int)[LogRecord.FieldCount];
    private byte[] _buffer = new byte[64 * 1024];
    private byte[] _scratch = new byte[8 * 1024];
    private int[] _starts = new int[256];
    private int _length = RecordBatch.HeaderBytes;
    private int _scratchLength;

    /// <summary>Records committed so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the batch would have now.</summary>
    public int Length => _length;

    /// <summary>The environment of records whose senders name none; empty leaves it at what the parser says.</summary>
    public ReadOnlyMemory<byte> Environment { get; set; }

    /// <summary>Makes an id for each record that comes without one; null leaves it without.</summary>
    public Func<string>? NewId { get; set; }

    /// <summary>Forgets everything and starts an empty batch.</summary>
    public void Reset()
    {
        _length = RecordBatch.HeaderBytes;
        _scratchLength = 0;
        Count = 0;
        Array.Clear(_fields);
    }

    /// <summary>Starts a record; what an uncommitted one had set is dropped.</summary>
    public void Begin()
    {
        _scratchLength = 0;
        Array.Clear(_fields);
    }

    /// <summary>Sets one field (a <c>LogRecord.…Field</c> constant); a second call replaces the first.</summary>
    public void Set(int field, ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Reserve(field, utf8.Length));
    }

    /// <summary>Sets one field to <paramref name="length"/> bytes that the caller fills in at once.</summary>
    public Span<byte> Reserve(int field, int length)
    {
        if (_scratch.Length - _scratchLength < length)
        {
            Array.Resize(ref _scratch, Math.Max(_scratch.Length * 2, _scratchLength + length));
        }

        _fields[field] = (_scratchLength, length);
        var span = _scratch.AsSpan(_scratchLength, length);
        _scratchLength += length;
        return span;
    }

    /// <summary>Shortens a field that was set longer than needed.</summary>
    public void Trim(int field, int length) => _fields[field].Length = length;

    /// <summary>What the field holds, to be changed in place.</summary>
    public Span<byte> Rewrite(int field) => _scratch.AsSpan(_fields[field].Start, _fields[field].Length);

    /// <summary>What the field holds in the record being built.</summary>
    public ReadOnlySpan<byte> Get(int field) => _scratch.AsSpan(_fields[field].Start, _fields[field].Length);

    /// <summary>Appends the record. Service and environment must have been set.</summary>
    public void Commit(long timestampNanos, EventKind kind, Severity severity, RecordFlags flags, RecordMark mark = default)
    {
        if (!Environment.IsEmpty && Get(LogRecord.EnvironmentField).SequenceEqual("default"u8))
        {
            Set(LogRecord.EnvironmentField, Environment.Span);
        }

        if (NewId is not null && Get(LogRecord.IdField).IsEmpty)
        {
            var id = NewId();
            System.Text.Encoding.ASCII.GetBytes(id, Reserve(LogRecord.IdField, id.Length));
        }

        var size = LogRecord.HeaderBytes;
        foreach (var (_, length) in _fields)
        {
            size += length;
        }

        if (_buffer.Length - _length < size)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + size));
        }

        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, Count * 2);
        }

        var span = _buffer.AsSpan(_length, size);
        BinaryPrimitives.WriteInt32LittleEndian(span, size);
        BinaryPrimitives.WriteInt64LittleEndian(span[4..], timestampNanos);
        span[12] = (byte)kind;
        span[13] = (byte)severity;
        BinaryPrimitives.WriteUInt16LittleEndian(span[14..], (ushort)((ushort)flags | mark.ToBits()));
        var end = 0;
        var body = span[LogRecord.HeaderBytes..];
        for (var f = 0; f < LogRecord.FieldCount; f++)
        {
            var (start, length) = _fields[f];
            _scratch.AsSpan(start, length).CopyTo(body[end..]);
            end += length;
            BinaryPrimitives.WriteUInt32LittleEndian(span[(16 + (4 * f))..], (uint)end);
        }

        _starts[Count++] = _length;
        _length += size;
    }

    /// <summary>Copies an already encoded record.</summary>
    public void Copy(in LogRecord record)
    {
        var bytes = record.Bytes;
        if (_buffer.Length - _length < bytes.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes.Length));
        }

        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, Count * 2);
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _starts[Count++] = _length;
        _length += bytes.Length;
    }

    /// <summary>Has every record judged once: it is marked, or leaves as if it had never been written.</summary>
    /// <returns>Records that left.</returns>
    public int Sift(IRecordJudge judge)
    {
        var (kept, end) = (0, RecordBatch.HeaderBytes);
        for (var i = 0; i < Count; i++)
        {
            var start = _starts[i];
            var record = _buffer.AsSpan(start, BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(start)));
            var view = new LogRecord(record, 0);
            if (!judge.Admits(view, out var mark))
            {
                continue;
            }

            BinaryPrimitives.WriteUInt16LittleEndian(record[14..], (ushort)((ushort)view.Flags | mark.ToBits()));
            if (start != end)
            {
                record.CopyTo(_buffer.AsSpan(end));
            }

            _starts[kept++] = end;
            end += record.Length;
        }

        var left = Count - kept;
        Count = kept;
        _length = end;
        return left;
    }

    /// <summary>The finished batch, in memory of its own; the writer can be reset and used again.</summary>
    /// <param name="receivedNanos">When the node took the batch, in Unix nanoseconds.</param>
    /// <param name="firstSequence">Sequence of its first record; the journal assigns the final one.</param>
    /// <param name="note">See <see cref="RecordBatch.Note"/>.</param>
    public RecordBatch ToBatch(long receivedNanos, long firstSequence = 0, ReadOnlySpan<byte> note = default)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(_length + note.Length);
        _buffer.AsSpan(0, _length).CopyTo(bytes);
        note.CopyTo(bytes.AsSpan(_length));
        bytes[0] = note.IsEmpty ? RecordBatch.Version : RecordBatch.NotedVersion;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), receivedNanos);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), Count);
        return RecordBatch.Wrap(bytes, _starts.AsSpan(0, Count).ToArray(), firstSequence, bytes.AsMemory(_length));
    }
}
