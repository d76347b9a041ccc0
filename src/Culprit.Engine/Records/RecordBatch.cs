using System.Buffers.Binary;

namespace Culprit.Engine.Records;

/// <summary>Records that were admitted together: immutable bytes, exactly what the journal holds.</summary>
/// <remarks>
/// Encoding: u8 version; i64 receive time in Unix nanoseconds; i32 count; then the records (see <see cref="LogRecord"/>).
/// Version 1 ends there, in version 2 the rest is the <see cref="Note"/>.
/// </remarks>
internal sealed class RecordBatch
{
    internal const byte Version = 1;
    internal const byte NotedVersion = 2;
    internal const int HeaderBytes = 13;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int[] _starts;

    private RecordBatch(ReadOnlyMemory<byte> bytes, int[] starts, long firstSequence, ReadOnlyMemory<byte> note)
    {
        _bytes = bytes;
        Note = note;
        _starts = starts;
        FirstSequence = firstSequence;
    }

    /// <summary>Sequence of the first record; the others follow without gaps.</summary>
    public long FirstSequence { get; }

    public int Count => _starts.Length;

    public long LastSequence => FirstSequence + Count - 1;

    /// <summary>When the node took the batch, in Unix nanoseconds.</summary>
    public long ReceivedNanos => BinaryPrimitives.ReadInt64LittleEndian(_bytes.Span[1..]);

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>What must be as durable as the records and is none of them, such as an idempotency key; empty for most.</summary>
    public ReadOnlyMemory<byte> Note { get; }

    /// <summary>True when its records are in the store already, and only the engine is to see them again.</summary>
    public bool IsRetry => Count > 0 && (this[0].Flags & RecordFlags.Retried) != 0;

    public LogRecord this[int index]
    {
        get
        {
            var start = _starts[index];
            var span = _bytes.Span;
            var length = BinaryPrimitives.ReadInt32LittleEndian(span[start..]);
            return new LogRecord(span.Slice(start, length), FirstSequence + index);
        }
    }

    /// <summary>Reads an encoded batch; false when the bytes are not one (another version, or damaged).</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, long firstSequence, out RecordBatch? batch)
    {
        batch = null;
        var span = bytes.Span;
        if (span.Length < HeaderBytes || span[0] is not (Version or NotedVersion))
        {
            return false;
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(span[9..]);
        if (count < 0 || count > (span.Length - HeaderBytes) / LogRecord.HeaderBytes)
        {
            return false;
        }

        var starts = new int[count];
        var at = HeaderBytes;
        for (var i = 0; i < count; i++)
        {
            if (!IsRecordAt(span, at, out var length))
            {
                return false;
            }

            starts[i] = at;
            at += length;
        }

        if (at < span.Length != (span[0] == NotedVersion))
        {
            return false;
        }

        batch = new RecordBatch(bytes, starts, firstSequence, bytes[at..]);
        return true;
    }

    /// <summary>Wraps bytes whose record positions are already known (they were just written).</summary>
    internal static RecordBatch Wrap(ReadOnlyMemory<byte> bytes, int[] starts, long firstSequence, ReadOnlyMemory<byte> note) =>
        new(bytes, starts, firstSequence, note);

    /// <summary>The same records under the sequence that the journal gave them.</summary>
    internal RecordBatch At(long firstSequence) => new(_bytes, _starts, firstSequence, Note);

    private static bool IsRecordAt(ReadOnlySpan<byte> span, int at, out int length)
    {
        length = 0;
        if (span.Length - at < LogRecord.HeaderBytes)
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(span[at..]);
        if (length < LogRecord.HeaderBytes || length > span.Length - at)
        {
            return false;
        }

        var table = span.Slice(at + 16, 4 * LogRecord.FieldCount);
        var previous = 0u;
        for (var f = 0; f < LogRecord.FieldCount; f++)
        {
            var end = BinaryPrimitives.ReadUInt32LittleEndian(table[(4 * f)..]);
            if (end < previous || end > (uint)(length - LogRecord.HeaderBytes))
            {
                return false;
            }

            previous = end;
        }

        return previous == (uint)(length - LogRecord.HeaderBytes) && span[at + 12] <= (byte)EventKind.Custom;
    }
}
