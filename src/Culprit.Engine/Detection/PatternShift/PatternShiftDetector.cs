using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.PatternShift;

/// <summary>A pattern below ERROR that a service logs far more often than usual, or no longer, measured against all else that it logs.</summary>
/// <remarks>
/// Likelihood ratio of two rates per record of the service, widened by the clumping seen, over one minute and five, so that neither
/// load nor a short burst counts: what comes up must do so in most steps of its window. Only warnings open incidents when they come up; what vanishes or comes up at INFO supports the
/// findings of others, because a change of work looks the same.
/// </remarks>
internal sealed class PatternShiftDetector(string environment, PatternShiftOptions options)
{
    public const string Name = "pattern-shift";
    private static readonly int[] LengthIndexes = [Frame.Minute, Frame.FiveMinutes];

    /// <summary>Steps between two looks: there are many patterns, and the shortest window is a minute.</summary>
    private const int EverySteps = 4;

    private readonly Dictionary<(string Service, ulong Pattern), PatternSeries> _series = [];
    private double _needed;

    public void Observe(string service, ulong pattern, long step, long count, RecordRef? warning)
    {
        if (!_series.TryGetValue((service, pattern), out var series))
        {
            if (_series.Count >= options.MaxPatterns)
            {
                return;
            }

            series = new PatternSeries { Service = service, Pattern = pattern };
            _series.Add((service, pattern), series);
        }

        series.Counts.Add(step, count);
        series.IsWarning |= warning is not null;
        series.Sample = warning ?? series.Sample;
    }

    public IEnumerable<Anomaly> Judge(Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        if (frame.End % EverySteps != 0)
        {
            yield break;
        }

        _needed = frame.Sigma(_series.Count);
        foreach (var series in _series.Values)
        {
            if (traffic.TryGetValue(series.Service, out var service) && Test(series, service, frame) is { } shift)
            {
                var isNew = series.Alarm.Reach(frame.End, isCertain: true);
                if (isNew || (series.Alarm.IsOpen && IsSupporting(series, shift)))
                {
                    yield return ToAnomaly(series, frame, shift);
                }
            }
        }
    }

    public void Settle(long end, Action<string, long> open)
    {
        List<(string, ulong)>? idle = null;
        foreach (var series in _series.Values)
        {
            if (series.Alarm.IsOpen)
            {
                series.Alarm.Settle(end);
                if (series.IsWarning)
                {
                    open(series.Service, series.Alarm.LastReached);
                }
            }
            else if (series.Counts.Last < end - (180 * Steps.PerMinute))
            {
                (idle ??= []).Add((series.Service, series.Pattern));
            }
        }

        idle?.ForEach(key => _series.Remove(key));
    }

    public IReadOnlyList<PatternSeries> ToState() => [.. _series.Values];

    public void Restore(IReadOnlyList<PatternSeries> state)
    {
        foreach (var series in state)
        {
            _series.Add((series.Service, series.Pattern), series);
        }
    }

    private static bool IsSupporting(PatternSeries series, Shift shift) => !series.IsWarning || shift.Count < shift.Expected;

    private Shift? Test(PatternSeries series, ServiceTraffic service, Frame frame)
    {
        foreach (var i in LengthIndexes)
        {
            var from = frame.End - Frame.Lengths[i];
            var now = series.Counts.Between(from, frame.End);
            var since = Math.Max(frame.Since, service.Since);
            var usual = series.Counts.UsualIn(frame.Before(i), since, options.Clumping);
            if (Math.Max(now, usual.PerStep * Frame.Lengths[i]) < options.MinCount || usual.Steps < 2 * Steps.PerMinute)
            {
                continue;
            }

            var all = service.Records.UsualIn(frame, i, since).Count - usual.Count;
            var allNow = service.Records.Counts.Between(from, frame.End) - now;
            if (all <= 0 || allNow <= 0)
            {
                continue; // All that it says is this pattern: then it is silence that is to be judged.
            }

            var expected = usual.Count / all * allNow;
            var isUp = now > options.MinRatio * expected && now > options.MinRatio * usual.PerStep * Frame.Lengths[i] && now >= options.MinCount
                && series.Counts.StepsAbove(options.MinRatio * expected / (2 * Frame.Lengths[i]), from, frame.End) >= Math.Min(options.MinSpread * Frame.Lengths[i], now / 2.0);
            var isGone = now <= options.MaxShare * expected && expected >= options.MinCount;
            var sigma = Math.Abs(LikelihoodRatio.OfRates(usual.Count, all, now, allNow)) / Math.Sqrt(usual.Dispersion);
            if ((isUp || isGone) && sigma >= _needed + options.Extra)
            {
                return new Shift(from, Frame.Lengths[i], now, expected, sigma);
            }
        }

        return null;
    }

    private Anomaly ToAnomaly(PatternSeries series, Frame frame, Shift shift)
    {
        var seconds = shift.Length * Steps.Seconds;
        var start = Steps.Start(shift.From);
        var pattern = new PatternId(series.Pattern);
        RecordRef[] evidence = series.Sample is { } sample && sample.TimestampNanos >= start ? [sample] : [];
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, series.Service, pattern.ToString(), (start / (600 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyClassifier.Classify(evidence) is var type && series.IsWarning ? type : AnomalyType.Unknown,
            Detector = Name,
            Environment = environment,
            Services = [series.Service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"{shift.Expected:0.#} records of pattern {pattern} of {series.Service} in {seconds} s, for all else that it logs"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{shift.Count} in {seconds} s: {shift.Sigma:0.0} standard deviations (likelihood ratio of two rates), {_needed + options.Extra:0.0} needed"),
            Evidence = evidence,
            Strength = shift.Sigma,
            IsSupporting = IsSupporting(series, shift),
        };
    }

    private sealed record Shift(long From, int Length, long Count, double Expected, double Sigma);
}
