using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Collects the <see cref="SegmentIndex"/> of a segment while its rows are written.</summary>
/// <param name="series">Numbers the series of the rows.</param>
internal sealed class SegmentIndexBuilder(SeriesTable series)
{
    // Below that, reading the rows costs less than the set.
    private const int MinRowsForTrigrams = 256;

    // Counts that are hardly fewer than rows are left out: then the rows are counted.
    private const int AlwaysCounts = 4096;
    private const int MinRowsPerCount = 8;

    private readonly List<SegmentGroup> _groups = [];
    private readonly List<byte[]> _filters = [];
    private readonly Dictionary<(int Series, long Minute), (long Records, long Count)> _counts = [];
    private readonly HashSet<ulong> _keys = [];
    private byte[] _trigrams = new byte[TrigramSet.Bytes];

    // Rows of one series come together, so most count where the one before did.
    private (int Series, long Minute) _run;
    private (long Records, long Count) _runCount;
    private int _rows;
    private int _allRows;
    private long _minMicros = long.MaxValue;
    private long _maxMicros = long.MinValue;

    public void Add(in LogRecord record, int number)
    {
        _rows++;
        var micros = SegmentRows.FloorMicros(record.TimestampNanos);
        _minMicros = Math.Min(_minMicros, micros);
        _maxMicros = Math.Max(_maxMicros, micros);
        var key = (number, SegmentIndex.MinuteOf(record.TimestampNanos));
        if (key != _run)
        {
            EndRun();
            _run = key;
        }

        _runCount = (_runCount.Records + 1, _runCount.Count + record.Weight);
        AddKey(SegmentSchema.TraceId, record.TraceId);
        AddKey(SegmentSchema.Id, record.Id);
        AddKey(SegmentSchema.CorrelationId, record.CorrelationId);
        TrigramSet.Add(_trigrams, record.Body);
    }

    public void EndGroup()
    {
        EndRun();
        var keys = KeyFilter.Create(_keys);
        var hasTrigrams = _rows >= MinRowsForTrigrams;
        _groups.Add(new SegmentGroup(_rows, _minMicros, _maxMicros, 0, keys.Length / KeyFilter.BlockBytes, hasTrigrams ? 1 : 0));
        _filters.Add(keys);
        if (hasTrigrams)
        {
            TrigramSet.Seal(_trigrams);
            _filters.Add(_trigrams);
            _trigrams = new byte[TrigramSet.Bytes];
        }

        _allRows += _rows;
        (_rows, _minMicros, _maxMicros) = (0, long.MaxValue, long.MinValue);
        _keys.Clear();
    }

    public void WriteTo(Stream stream)
    {
        var header = CreateHeader();
        Span<byte> prefix = stackalloc byte[SegmentIndex.PrefixBytes];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[4..], XxHash64.HashToUInt64(header));
        stream.Write(prefix);
        stream.Write(header);
        foreach (var filter in _filters)
        {
            stream.Write(filter);
        }
    }

    private void EndRun()
    {
        if (_runCount.Records > 0)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, _run, out _);
            count = (count.Records + _runCount.Records, count.Count + _runCount.Count);
            _runCount = default;
        }
    }

    private byte[] CreateHeader()
    {
        using var header = new MemoryStream();
        using var writer = new BinaryWriter(header);
        writer.Write(SegmentIndex.Version);
        writer.Write7BitEncodedInt(_groups.Count);
        foreach (var group in _groups)
        {
            writer.Write7BitEncodedInt(group.Rows);
            writer.Write(group.MinMicros);
            writer.Write(group.MaxMicros);
            writer.Write7BitEncodedInt(group.KeyBlocks);
            writer.Write(group.TrigramsAt > 0);
        }

        WriteSeries(writer);
        var hasCounts = _counts.Count <= Math.Max(AlwaysCounts, _allRows / MinRowsPerCount);
        writer.Write(hasCounts);
        if (hasCounts)
        {
            WriteCounts(writer);
        }

        writer.Flush();
        return header.ToArray();
    }

    private void WriteSeries(BinaryWriter writer)
    {
        writer.Write7BitEncodedInt(series.Count);
        for (var s = 0; s < series.Count; s++)
        {
            var one = series[s];
            writer.Write(one.Service);
            writer.Write(one.Environment);
            writer.Write((byte)one.Severity);
            writer.Write((byte)one.Kind);
            writer.Write(one.Type);
            writer.Write(one.Pattern.Value);
        }
    }

    private void WriteCounts(BinaryWriter writer)
    {
        writer.Write7BitEncodedInt(_counts.Count);
        var bySeries = _counts.ToLookup(c => c.Key.Series, c => (c.Key.Minute, c.Value.Records, c.Value.Count));
        for (var s = 0; s < series.Count; s++)
        {
            var counts = bySeries[s].OrderBy(c => c.Minute).ToList();
            var minute = counts.Count == 0 ? 0 : counts[0].Minute;
            writer.Write7BitEncodedInt(counts.Count);
            writer.Write(minute);
            foreach (var count in counts)
            {
                writer.Write7BitEncodedInt64(count.Minute - minute);
                writer.Write7BitEncodedInt64(count.Records);
                writer.Write7BitEncodedInt64(count.Count - count.Records);
                minute = count.Minute;
            }
        }
    }

    private void AddKey(int column, ReadOnlySpan<byte> key)
    {
        if (!key.IsEmpty)
        {
            _keys.Add(KeyFilter.HashOf(column, key));
        }
    }
}
