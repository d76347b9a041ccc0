namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The newest points of cumulative histograms, so that the next one tells what its interval added. Thread-safe.</summary>
/// <remarks>
/// Bounded: further series have to wait until others were silent for <see cref="KeptNanos"/>. Lost with the process: the first interval
/// after a start has no mean. A point that comes again yields the same as the first time.
/// </remarks>
internal sealed class CumulativePoints
{
    public const int MaxSeries = 10_000;

    private const ulong KeptNanos = 15UL * 60 * 1_000_000_000;
    private const ulong SweepNanos = 60UL * 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, (Distribution? Before, Distribution Newest)> _series = [];
    private ulong _newestNanos;
    private ulong _sweptNanos;

    /// <summary>What the interval that ends with this point added; null for the first one, a late one and after a gap in the series.</summary>
    /// <param name="series">Names service, environment, metric and series.</param>
    public Distribution? Interval(UInt128 series, Distribution point)
    {
        lock (_lock)
        {
            if (!_series.TryGetValue(series, out var known))
            {
                AddLocked(series, point);
                return null;
            }

            if (point.TimeNanos > known.Newest.TimeNanos)
            {
                _series[series] = (known.Newest, point);
                _newestNanos = Math.Max(_newestNanos, point.TimeNanos);
                return point.Since(known.Newest);
            }

            return point.TimeNanos == known.Newest.TimeNanos && known.Before is { } before ? point.Since(before) : null;
        }
    }

    private void AddLocked(UInt128 series, Distribution point)
    {
        _newestNanos = Math.Max(_newestNanos, point.TimeNanos);
        if (_series.Count >= MaxSeries && _newestNanos - _sweptNanos >= SweepNanos)
        {
            _sweptNanos = _newestNanos;
            foreach (var (key, value) in _series)
            {
                if (_newestNanos - value.Newest.TimeNanos > KeptNanos)
                {
                    _series.Remove(key);
                }
            }
        }

        if (_series.Count < MaxSeries)
        {
            _series.Add(series, (null, point));
        }
    }
}
