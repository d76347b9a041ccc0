using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.MetricLevel;

/// <summary>A metric of failures, latency, success or a resource that has left its usual level.</summary>
/// <remarks>
/// Compares the newest points with the median of those before, in units of the median absolute deviation (Hampel, "The
/// influence curve and its role in robust estimation", 1974), so a past fault in the history hardly matters. The weakest of the
/// newest points counts. It must also lie beyond all that was seen, and beyond what the same metric does on other services in
/// quiet times: an idle service that goes from 0.2 to 2 % is nothing. More load explains more use of a resource.
/// A resource alone is a symptom of load, so it only supports an incident that other findings opened. Work that waits is none: a
/// backlog of three times all that was seen opens one.
/// </remarks>
internal sealed class MetricLevelDetector(string environment, MetricLevelOptions options)
{
    public const string Name = "metric-level";

    private readonly Dictionary<(string Service, string Metric), MetricSeries> _series = [];
    private readonly Dictionary<string, double[]> _deviations = new(StringComparer.Ordinal);
    private double _needed;

    public IEnumerable<MetricSeries> Series => _series.Values;

    public void Observe(string service, string metric, long timeNanos, double value)
    {
        if (!_series.TryGetValue((service, metric), out var series))
        {
            var kind = MetricKinds.Of(metric);
            if (kind == MetricKind.Other || _series.Count >= options.MaxMetrics)
            {
                return;
            }

            series = new MetricSeries { Service = service, Metric = metric, Kind = kind };
            _series.Add((service, metric), series);
        }

        series.Add(timeNanos, value);
    }

    /// <param name="loadFactor">How much more a service does now than usual; 1 or less when it does not do more.</param>
    /// <param name="hasDurations">Its own durations are judged, it does nothing, or may be slow for a while: then its latency metrics are not.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, QuietTime quiet, Func<string, double> loadFactor, Func<string, bool> hasDurations)
    {
        if (_series.Count >= options.MaxMetrics)
        {
            ForgetSilent(frame.End);
        }

        _needed = frame.Sigma(_series.Count);
        foreach (var series in _series.Values.Where(s => s.IsDirty))
        {
            series.IsDirty = false;
            if (series.Kind == MetricKind.Limit || (series.Kind == MetricKind.Latency && hasDurations(series.Service)))
            {
                continue;
            }

            if (Test(series, frame, quiet, loadFactor) is not { } shift)
            {
                continue;
            }

            var isNew = series.Alarm.Reach(frame.End, isCertain: true);
            series.StartNanos = isNew ? shift.AtNanos : series.StartNanos;
            if (isNew || series.Kind == MetricKind.Resource)
            {
                // What only supports is said again: the incident that it supports may come later.
                yield return ToAnomaly(series, frame, shift);
            }
        }
    }

    public void Settle(long end, Action<string, long> open)
    {
        foreach (var series in _series.Values.Where(s => s.Alarm.IsOpen))
        {
            series.Alarm.Settle(end);
            open(series.Service, series.Alarm.LastReached);
        }
    }

    public MetricLevelState ToState() => new([.. _series.Values], _deviations);

    public void Restore(MetricLevelState state)
    {
        foreach (var series in state.Series)
        {
            _series.Add((series.Service, series.Metric), series);
        }

        foreach (var (metric, deviations) in state.Deviations)
        {
            _deviations.Add(metric, deviations);
        }
    }

    /// <summary>Replicas come and go, each with series of its own: those that ended make room.</summary>
    private void ForgetSilent(long end)
    {
        foreach (var (key, series) in _series)
        {
            var newest = series.Points.Count > 0 ? series.Points[^1].TimeNanos : series.Reading?.TimeNanos ?? 0;
            if (!series.Alarm.IsOpen && newest < end - MetricHistory.KeptNanos)
            {
                _series.Remove(key);
            }
        }
    }

    private Shift? Test(MetricSeries series, Frame frame, QuietTime quiet, Func<string, double> loadFactor)
    {
        var points = series.Points;
        var first = points.Count - options.Agreeing;
        if (first < options.MinPoints)
        {
            return null;
        }

        Span<double> sorted = stackalloc double[MetricSeries.MaxPoints];
        var count = 0;
        for (var i = 0; i < first; i++)
        {
            if (!quiet.IsExcluded(Steps.OfNanos(points[i].TimeNanos)))
            {
                sorted[count++] = points[i].Value;
            }
        }

        if (count < options.MinPoints)
        {
            return null;
        }

        var before = sorted[..count];
        before.Sort();
        var median = before[count / 2];
        var spread = (1.4826 * MedianDeviation(before)) + (0.05 * Math.Abs(median)) + 1e-9;
        var isDown = series.Kind == MetricKind.Success;
        var weakest = points[first].Value;
        for (var i = first + 1; i < points.Count; i++)
        {
            weakest = isDown ? Math.Max(weakest, points[i].Value) : Math.Min(weakest, points[i].Value);
        }

        var factor = series.Kind == MetricKind.Resource ? Math.Max(1, loadFactor(series.Service)) : 1;
        var excess = isDown ? median - weakest : weakest - (median * factor);
        if (series.Kind == MetricKind.Backlog && weakest < Math.Max(MetricKinds.MinBacklog, options.MinBacklogRatio * before[^1]))
        {
            return null;
        }

        var isBeyondAll = isDown ? weakest < before[0] - (0.5 * (median - before[0])) : weakest > before[^1] + (0.5 * (before[^1] - median));
        var usualElsewhere = Usual(MetricName.Family(series.Metric), excess <= 3 * spread ? Math.Abs(weakest - median) : null);
        var sigma = excess / spread;
        return sigma >= _needed + 1 && isBeyondAll && excess >= 1.5 * usualElsewhere
            && (isDown ? weakest * options.MinRatio < median : weakest > median * factor * options.MinRatio)
            ? new Shift(points[first].TimeNanos, median, weakest, count, sigma)
            : null;
    }

    /// <summary>Median of the distances from the median, of values that are sorted: they grow to both sides of it.</summary>
    private static double MedianDeviation(ReadOnlySpan<double> sorted)
    {
        var median = sorted[sorted.Length / 2];
        var (below, above) = ((sorted.Length / 2) - 1, sorted.Length / 2);
        var deviation = 0.0;
        for (var taken = 0; taken <= sorted.Length / 2; taken++)
        {
            var isAbove = below < 0 || (above < sorted.Length && sorted[above] - median <= median - sorted[below]);
            deviation = isAbove ? sorted[above++] - median : median - sorted[below--];
        }

        return deviation;
    }

    /// <summary>By how much the metric leaves its median on any service: the 99th percentile of quiet times.</summary>
    /// <param name="more">A deviation to learn from; null when it is not quiet.</param>
    private double Usual(string metric, double? more)
    {
        if (!_deviations.TryGetValue(metric, out var bins))
        {
            bins = new double[LogBins.Count * 2];
            _deviations.Add(metric, bins);
        }

        if (more is { } deviation)
        {
            bins[Bin(deviation)]++;
        }

        var beyond = 0.01 * bins.Sum();
        for (var i = bins.Length - 1; i > 0; i--)
        {
            beyond -= bins[i];
            if (beyond < 0)
            {
                return 1e-9 * Math.Pow(1.2, i);
            }
        }

        return 0;

        int Bin(double value) => value <= 1e-9 ? 0 : Math.Min(bins.Length - 1, (int)(Math.Log(value / 1e-9) / Math.Log(1.2)));
    }

    private Anomaly ToAnomaly(MetricSeries series, Frame frame, Shift shift)
    {
        var start = series.StartNanos;
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, series.Service, series.Metric, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = Type(series),
            Detector = Name,
            Environment = environment,
            Services = [series.Service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Math.Max(series.Points[^1].TimeNanos, start)),
            Window = TimeSpan.FromTicks((series.Points[^1].TimeNanos - start) / UnixNanos.PerTick),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"{series.Metric} near {shift.Median:0.####} (median of {shift.Points} points)"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{series.Metric} at {shift.Value:0.####} or {(series.Kind == MetricKind.Success ? "less" : "more")} for {options.Agreeing} points: {shift.Sigma:0.0} robust deviations, {_needed + 1:0.0} needed"),
            Evidence = [],
            Strength = shift.Sigma,
            IsSupporting = series.Kind == MetricKind.Resource,
        };
    }

    private static AnomalyType Type(MetricSeries series)
    {
        var words = MetricKinds.Split(MetricName.Family(series.Metric));
        return series.Kind switch
        {
            MetricKind.Latency or MetricKind.Backlog => AnomalyType.LatencySpike,
            MetricKind.Resource when words.Exists(w => w is "mem" or "memory" or "heap" or "rss") => AnomalyType.MemoryLeak,
            MetricKind.Resource => AnomalyType.Unknown,
            MetricKind.Failure when words.Exists(w => w is "oom" or "oomkilled") => AnomalyType.MemoryLeak,
            MetricKind.Failure when words.Exists(w => w is "connection" or "connections" or "connect") => AnomalyType.ConnectionFailure,
            MetricKind.Failure or MetricKind.Success => AnomalyType.ErrorSpike,
            _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {series.Kind}."),
        };
    }

    private sealed record Shift(long AtNanos, double Median, double Value, int Points, double Sigma);
}

/// <summary>A <see cref="MetricLevelDetector"/> at rest.</summary>
internal sealed record MetricLevelState(IReadOnlyList<MetricSeries> Series, IReadOnlyDictionary<string, double[]> Deviations);
