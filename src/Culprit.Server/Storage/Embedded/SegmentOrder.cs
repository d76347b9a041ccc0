using System.Runtime.InteropServices;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The records of one retention class in the order in which a segment holds them.</summary>
/// <remarks>
/// Row groups follow one another in time, so that a question about a time reads few of them. Within a group, records of one service,
/// level and pattern lie together: they look alike, which saves about a tenth of the file.
/// </remarks>
internal sealed class SegmentOrder
{
    private readonly IReadOnlyList<TailEntry> _entries;
    private readonly List<(int Entry, int Index, int Series)> _rows;
    private readonly int[] _byTime;
    private readonly int[] _ranks;
    private readonly int _groupRows;

    /// <param name="series">Numbers their series; shared by the parts of a segment.</param>
    public SegmentOrder(IReadOnlyList<TailEntry> entries, int retentionClass, int groupRows, SeriesTable series)
    {
        _entries = entries;
        Series = series;
        _groupRows = groupRows;
        var most = entries.Sum(e => e.Batch.Count);
        _rows = new List<(int Entry, int Index, int Series)>(most);
        var times = new List<long>(most);
        for (var e = 0; e < entries.Count; e++)
        {
            var batch = entries[e].Batch;
            for (var i = 0; i < batch.Count; i++)
            {
                var record = batch[i];
                if (record.Mark.RetentionClass == retentionClass)
                {
                    _rows.Add((e, i, Series.NumberOf(record, entries[e].Pattern(i))));
                    times.Add(record.TimestampNanos);
                }
            }
        }

        _byTime = [.. Enumerable.Range(0, _rows.Count)];
        CollectionsMarshal.AsSpan(times).Sort(_byTime.AsSpan());
        _ranks = RankSeries();
    }

    private SeriesTable Series { get; }

    /// <summary>The next group's rows, or none after the last.</summary>
    public IEnumerable<int[]> Groups()
    {
        for (var start = 0; start < _byTime.Length; start += _groupRows)
        {
            var keys = new long[Math.Min(_groupRows, _byTime.Length - start)];
            for (var i = 0; i < keys.Length; i++)
            {
                keys[i] = ((long)_ranks[_rows[_byTime[start + i]].Series] << 32) | (uint)i;
            }

            Array.Sort(keys);
            yield return Array.ConvertAll(keys, k => _byTime[start + (int)(uint)k]);
        }
    }

    public int Count => _byTime.Length;

    /// <param name="row">From <see cref="Groups"/>.</param>
    public (TailEntry Entry, int Index, int Series) this[int row] => (_entries[_rows[row].Entry], _rows[row].Index, _rows[row].Series);

    private int[] RankSeries()
    {
        var ranks = new int[Series.Count];
        var order = Enumerable.Range(0, Series.Count)
            .OrderBy(s => Series[s].Service, StringComparer.Ordinal)
            .ThenBy(s => Series[s].Severity)
            .ThenBy(s => Series[s].Pattern.Value);
        var rank = 0;
        foreach (var s in order)
        {
            ranks[s] = rank++;
        }

        return ranks;
    }
}
