using System.Runtime.InteropServices;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Adds up what memory, counts and segments know into the answer to one <see cref="CountQuery"/>.</summary>
/// <remarks>Not thread-safe. Never larger than <see cref="CountQuery.MaxGroups"/>.</remarks>
internal sealed class CountGroups(CountQuery query)
{
    private readonly Dictionary<RecordSeries, int> _groups = [];
    private readonly List<RecordSeries> _keys = [];
    private readonly Dictionary<(long Start, int Group), (long Records, long Count)> _sums = [];

    public CountQuery Query => query;

    /// <summary>The group that a series falls into, or -1 when the question leaves it out.</summary>
    public int GroupOf(RecordSeries series)
    {
        if (!series.Matches(query.Where))
        {
            return -1;
        }

        return NumberOf(series);
    }

    /// <param name="group">From <see cref="GroupOf"/>, not -1.</param>
    /// <param name="nanos">Any time in the span.</param>
    /// <exception cref="TooManyGroupsException">The answer is too large.</exception>
    public void Add(int group, long nanos, long records, long count) => AddToSpan(group, query.SpanOf(nanos), records, count);

    /// <summary>Adds what a store has counted itself, by the same spans and groups, for what the question is about.</summary>
    /// <exception cref="TooManyGroupsException">The answer is too large.</exception>
    public void AddFound(RecordSeries series, long startNanos, long records, long count) =>
        AddToSpan(NumberOf(series), startNanos, records, count);

    /// <summary>By time, then by what was asked for.</summary>
    public IReadOnlyList<CountRow> ToRows() =>
    [
        .. _sums
            .Select(s => (s.Key.Start, Key: _keys[s.Key.Group], s.Value))
            .OrderBy(s => s.Start)
            .ThenBy(s => s.Key.Service, StringComparer.Ordinal)
            .ThenBy(s => s.Key.Environment, StringComparer.Ordinal)
            .ThenBy(s => s.Key.Severity)
            .ThenBy(s => s.Key.Type, StringComparer.Ordinal)
            .ThenBy(s => s.Key.Pattern.Value)
            .Select(s => new CountRow(
                s.Start,
                query.By.HasFlag(CountBy.Service) ? s.Key.Service : null,
                query.By.HasFlag(CountBy.Level) ? s.Key.Severity : null,
                query.By.HasFlag(CountBy.Environment) ? s.Key.Environment : null,
                query.By.HasFlag(CountBy.Type) ? s.Key.Type : null,
                query.By.HasFlag(CountBy.Pattern) ? s.Key.Pattern : null,
                s.Value.Records,
                s.Value.Count)),
    ];

    private int NumberOf(RecordSeries series)
    {
        // What is not asked for is the same for all.
        var key = new RecordSeries(
            query.By.HasFlag(CountBy.Service) ? series.Service : "",
            query.By.HasFlag(CountBy.Environment) ? series.Environment : "",
            query.By.HasFlag(CountBy.Level) ? series.Severity : default,
            default,
            query.By.HasFlag(CountBy.Type) ? series.Type : "",
            query.By.HasFlag(CountBy.Pattern) ? series.Pattern : default);
        if (!_groups.TryGetValue(key, out var group))
        {
            group = _keys.Count;
            _groups.Add(key, group);
            _keys.Add(key);
        }

        return group;
    }

    private void AddToSpan(int group, long start, long records, long count)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, (start, group), out var exists);
        if (!exists && _sums.Count > CountQuery.MaxGroups)
        {
            throw new TooManyGroupsException();
        }

        sum = (sum.Records + records, sum.Count + count);
    }
}
