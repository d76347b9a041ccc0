using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Numbers the series of encoded records in the order in which they turn up; makes strings once a series.</summary>
/// <remarks>Not thread-safe. It grows with the series of what it is shown, so it lives as long as one question or one segment.</remarks>
internal sealed class SeriesTable
{
    private readonly List<RecordSeries> _series = [];
    private readonly List<(int Hash, int Next, byte[] Service, byte[] Environment, byte[] Type)> _keys = [];

    // One more than the newest key with that hash; 0 for none.
    private int[] _buckets = new int[256];

    public int Count => _series.Count;

    public RecordSeries this[int number] => _series[number];

    /// <summary>The number of the record's series, new or known.</summary>
    public int NumberOf(in LogRecord record, PatternId pattern)
    {
        var hash = HashOf(record, pattern);
        for (var at = _buckets[hash & (_buckets.Length - 1)]; at != 0; at = _keys[at - 1].Next)
        {
            if (_keys[at - 1].Hash == hash && IsOf(at - 1, record, pattern))
            {
                return at - 1;
            }
        }

        return Add(hash, record, pattern);
    }

    private static int HashOf(in LogRecord record, PatternId pattern)
    {
        var hash = default(HashCode);
        hash.AddBytes(record.Service);
        hash.Add(((int)record.Severity << 8) | (int)record.Kind);
        hash.AddBytes(record.Environment);
        hash.Add(pattern.Value);
        return hash.ToHashCode();
    }

    private bool IsOf(int number, in LogRecord record, PatternId pattern)
    {
        var series = _series[number];
        var (_, _, service, environment, type) = _keys[number];
        return series.Severity == record.Severity
            && series.Kind == record.Kind
            && series.Pattern == pattern
            && record.Service.SequenceEqual(service)
            && record.Environment.SequenceEqual(environment)
            && record.Type.SequenceEqual(type);
    }

    private int Add(int hash, in LogRecord record, PatternId pattern)
    {
        if (_series.Count == _buckets.Length)
        {
            _buckets = new int[2 * _buckets.Length];
            for (var i = 0; i < _keys.Count; i++)
            {
                Link(i, _keys[i].Hash);
            }
        }

        _series.Add(new RecordSeries(
            Encoding.UTF8.GetString(record.Service),
            Encoding.UTF8.GetString(record.Environment),
            record.Severity,
            record.Kind,
            record.TypeName,
            pattern));
        _keys.Add((hash, 0, record.Service.ToArray(), record.Environment.ToArray(), record.Type.ToArray()));
        Link(_keys.Count - 1, hash);
        return _keys.Count - 1;
    }

    private void Link(int number, int hash)
    {
        ref var bucket = ref _buckets[hash & (_buckets.Length - 1)];
        _keys[number] = _keys[number] with { Next = bucket };
        bucket = number + 1;
    }
}
