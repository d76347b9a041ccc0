using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.Summaries;

/// <summary>Adds up digests until 50 records or 300 s are reached, and then sums them up; looks at each tick.</summary>
internal sealed class SummaryWindow(string environment, int records, TimeSpan interval)
{
    private readonly SortedDictionary<string, long> _byService = new(StringComparer.Ordinal);
    private long[] _byLevel = new long[5];
    private long _startNanos;

    public void Add(ServiceDigest digest)
    {
        for (var level = 0; level < _byLevel.Length; level++)
        {
            _byLevel[level] += digest.ByLevel[level];
        }

        _byService[digest.Service] = _byService.GetValueOrDefault(digest.Service) + digest.Records;
    }

    /// <summary>The summary that is due at this tick, or null. Silence is not summarised.</summary>
    public LogSummary? Tick(long tickNanos)
    {
        if (_startNanos == 0)
        {
            _startNanos = tickNanos - UnixNanos.PerSecond;
        }

        var total = _byLevel.Sum();
        if (total == 0)
        {
            _startNanos = tickNanos;
            return null;
        }

        if (total < records && tickNanos - _startNanos < UnixNanos.From(interval))
        {
            return null;
        }

        var summary = new LogSummary(
            environment,
            UnixNanos.ToTime(_startNanos),
            UnixNanos.ToTime(tickNanos),
            total,
            _byLevel,
            new SortedDictionary<string, long>(_byService, StringComparer.Ordinal));
        _byLevel = new long[5];
        _byService.Clear();
        _startNanos = tickNanos;
        return summary;
    }

    public SummaryState ToState() => new(_startNanos, _byLevel, new Dictionary<string, long>(_byService));

    public void Restore(SummaryState state)
    {
        _startNanos = state.StartNanos;
        _byLevel = [.. state.ByLevel];
        foreach (var (service, count) in state.ByService)
        {
            _byService[service] = count;
        }
    }
}

/// <summary>A <see cref="SummaryWindow"/> at rest.</summary>
internal sealed record SummaryState(long StartNanos, long[] ByLevel, IReadOnlyDictionary<string, long> ByService);
