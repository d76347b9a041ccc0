using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Culprit.Engine.Records;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Some thousand records turned into columns: numbers are copied, texts are pointed at.</summary>
/// <remarks>
/// The batches that texts point into must stay pinned until the columns are written. Reused for the next rows.
/// Rows are taken one by one and columns written a few thousand at a time, so that records are read while in the cache.
/// </remarks>
internal sealed unsafe class SegmentRows
{
    /// <summary>Rows held at once.</summary>
    public const int Capacity = 4096;

    // Keeps alive what Kinds and Levels point at; declared first because it is filled while they are made.
    private static readonly List<byte[]> PinnedWords = [];

    private static readonly ByteArray[] Kinds =
        [.. Enum.GetValues<EventKind>().Select(k => Pinned(SegmentKinds.ToWord(k)))];

    private static readonly ByteArray[] Levels = CreateLevels();

    private readonly long[][] _longs = new long[SegmentSchema.Count][];
    private readonly int[][] _ints = new int[SegmentSchema.Count][];
    private readonly ByteArray[][] _texts = new ByteArray[SegmentSchema.Count][];
    private readonly short[][] _defined = new short[SegmentSchema.Count][];
    private readonly int[] _present = new int[SegmentSchema.Count];
    private int _count;

    public SegmentRows()
    {
        foreach (var column in (int[])[SegmentSchema.Sequence, SegmentSchema.Timestamp, SegmentSchema.Pattern, SegmentSchema.DuplicateOf])
        {
            _longs[column] = new long[Capacity];
        }

        foreach (var column in (int[])[SegmentSchema.Nanos, SegmentSchema.Flags, SegmentSchema.Weight])
        {
            _ints[column] = new int[Capacity];
        }

        for (var column = 0; column < SegmentSchema.Count; column++)
        {
            if (_longs[column] is null && _ints[column] is null)
            {
                _texts[column] = new ByteArray[Capacity];
            }

            if (IsOptional(column))
            {
                _defined[column] = new short[Capacity];
            }
        }
    }

    public bool IsFull => _count == Capacity;

    public void Add(in LogRecord record, PatternId pattern, long duplicateOf)
    {
        var row = _count++;
        var micros = FloorMicros(record.TimestampNanos);
        _longs[SegmentSchema.Sequence][row] = record.Sequence;
        _longs[SegmentSchema.Timestamp][row] = micros;
        _ints[SegmentSchema.Nanos][row] = (int)(record.TimestampNanos - unchecked(micros * 1000));
        _texts[SegmentSchema.Kind][row] = Kinds[(int)record.Kind];
        AddOptional(SegmentSchema.Type, row, record.Type);
        _texts[SegmentSchema.Level][row] = Levels[(int)record.Severity];
        _texts[SegmentSchema.Service][row] = Point(record.Service);
        _texts[SegmentSchema.Environment][row] = Point(record.Environment);
        _texts[SegmentSchema.Source][row] = Point(record.Source);
        _texts[SegmentSchema.Body][row] = Point(record.Body);
        _texts[SegmentSchema.Attributes][row] = Point(record.Attributes);
        AddOptional(SegmentSchema.TraceId, row, record.TraceId);
        AddOptional(SegmentSchema.SpanId, row, record.SpanId);
        AddOptional(SegmentSchema.Id, row, record.Id);
        AddOptional(SegmentSchema.CorrelationId, row, record.CorrelationId);
        AddOptional(SegmentSchema.CausationId, row, record.CausationId);
        _ints[SegmentSchema.Flags][row] = (int)record.Flags;
        _ints[SegmentSchema.Weight][row] = record.Weight;
        _longs[SegmentSchema.Pattern][row] = unchecked((long)pattern.Value);
        _defined[SegmentSchema.DuplicateOf][row] = (short)(duplicateOf < 0 ? 0 : 1);
        if (duplicateOf >= 0)
        {
            _longs[SegmentSchema.DuplicateOf][_present[SegmentSchema.DuplicateOf]++] = duplicateOf;
        }
    }

    /// <summary>Writes the rows to the group's columns and forgets them.</summary>
    public void WriteTo(ColumnWriter[] columns)
    {
        for (var c = 0; c < columns.Length; c++)
        {
            switch (columns[c])
            {
                case ColumnWriter<long> writer:
                    Write(writer, c, _longs[c]);
                    break;
                case ColumnWriter<int> writer:
                    Write(writer, c, _ints[c]);
                    break;
                case ColumnWriter<ByteArray> writer:
                    Write(writer, c, _texts[c]);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException($"Column {c} is a {columns[c].GetType()}.");
            }
        }

        Clear();
    }

    /// <summary>Forgets what a write that failed left behind.</summary>
    public void Clear()
    {
        _count = 0;
        Array.Clear(_present);
    }

    /// <summary>Rounded towards the past, so that the remainder is 0 to 999 for every time.</summary>
    public static long FloorMicros(long nanos) => (nanos / 1000) - (nanos % 1000 < 0 ? 1 : 0);

    private static bool IsOptional(int column) => column
        is SegmentSchema.Type or SegmentSchema.TraceId or SegmentSchema.SpanId or SegmentSchema.Id
        or SegmentSchema.CorrelationId or SegmentSchema.CausationId or SegmentSchema.DuplicateOf;

    private static ByteArray Point(ReadOnlySpan<byte> text) =>
        new((nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text)), text.Length);

    private static ByteArray Pinned(string word)
    {
        var bytes = GC.AllocateArray<byte>(word.Length, pinned: true);
        System.Text.Encoding.ASCII.GetBytes(word, bytes);
        PinnedWords.Add(bytes);
        return Point(bytes);
    }

    private static ByteArray[] CreateLevels()
    {
        // A level that no version knows cannot be in a batch; if it were, the file would still be sound.
        var levels = new ByteArray[256];
        Array.Fill(levels, Pinned(Severity.Info.ToWire()));
        foreach (var severity in Enum.GetValues<Severity>())
        {
            levels[(int)severity] = Pinned(severity.ToWire());
        }

        return levels;
    }

    private void AddOptional(int column, int row, ReadOnlySpan<byte> text)
    {
        _defined[column][row] = (short)(text.IsEmpty ? 0 : 1);
        if (!text.IsEmpty)
        {
            _texts[column][_present[column]++] = Point(text);
        }
    }

    private void Write<T>(ColumnWriter<T> writer, int column, T[] values)
        where T : unmanaged
    {
        if (_defined[column] is { } defined)
        {
            writer.WriteBatch(_count, defined.AsSpan(0, _count), [], values.AsSpan(0, _present[column]));
        }
        else
        {
            writer.WriteBatch(values.AsSpan(0, _count));
        }
    }
}
