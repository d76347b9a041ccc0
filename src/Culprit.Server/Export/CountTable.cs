using System.Diagnostics.Metrics;

namespace Culprit.Server.Export;

/// <summary>Totals by label set, bounded: what comes after the limit is counted under an overflow set.</summary>
/// <param name="capacity">Label sets with a total of their own.</param>
/// <param name="overflow">The set that takes what has no room; it must map many sets to few.</param>
/// <param name="labels">The labels of a set.</param>
internal sealed class CountTable<TKey>(int capacity, Func<TKey, TKey> overflow, Func<TKey, KeyValuePair<string, object?>[]> labels)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = [];

    public void Add(TKey key, long count)
    {
        lock (_lock)
        {
            AddLocked(key, count);
        }
    }

    /// <summary>Counts the keys anew: for tables that show what is, not what was. Sets that are gone stay, at zero.</summary>
    public void Replace(IEnumerable<TKey> keys)
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                entry.Total = 0;
            }

            foreach (var key in keys)
            {
                AddLocked(key, 1);
            }
        }
    }

    public Measurement<long>[] Measure()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(e => new Measurement<long>(e.Total, e.Labels))];
        }
    }

    private void AddLocked(TKey key, long count)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            key = _entries.Count < capacity ? key : overflow(key);
            if (!_entries.TryGetValue(key, out entry))
            {
                entry = new Entry(labels(key));
                _entries.Add(key, entry);
            }
        }

        entry.Total += count;
    }

    private sealed class Entry(KeyValuePair<string, object?>[] labels)
    {
        public KeyValuePair<string, object?>[] Labels => labels;

        public long Total { get; set; }
    }
}
