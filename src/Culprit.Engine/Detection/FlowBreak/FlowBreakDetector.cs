using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.FlowBreak;

/// <summary>Requests and jobs, followed by their ids, that stop, leave steps out, go another way or wait longer than theirs do.</summary>
/// <remarks>
/// One odd session is no incident: the share of them among the sessions of a kind that ended in 10 s, 1 min or 5 min is held against
/// that of the quiet time before (likelihood ratio of two shares, widened by the observed clumping). Sessions that only have new steps in the place of
/// usual ones tell more of an incident that others opened. One environment's; not thread-safe.
/// </remarks>
internal sealed class FlowBreakDetector(string environment, FlowBreakOptions options)
{
    public const string Name = "flow-break";

    private const int MaxServices = 5;

    private readonly SortedDictionary<ulong, FlowSeries> _series = [];

    public void Observe(FlowCount count)
    {
        var step = Steps.OfSecond(count.Second);
        if (!_series.TryGetValue(count.Kind, out var series))
        {
            if (_series.Count >= options.MaxKinds)
            {
                _series.Remove(_series.MinBy(s => (s.Value.Ended.Last, s.Key)).Key);
            }

            series = new FlowSeries { Kind = count.Kind, Key = count.Key, Service = count.Entry.Service, Entry = count.EntryText, Since = step };
            _series.Add(count.Kind, series);
        }

        series.Add(step, count);
    }

    /// <summary>Judges the windows that end with the frame.</summary>
    /// <param name="frame">As old as it must be for all sessions that ended in it to have been counted.</param>
    /// <param name="now">The step that is judged now.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, long now)
    {
        var needed = frame.Sigma(2 * _series.Count);
        foreach (var series in _series.Values)
        {
            if (series.Ended.Last < frame.End - Frame.Lengths[^1])
            {
                continue;
            }

            foreach (var (kind, oddities) in Sorts(series))
            {
                if (Test(series, oddities, frame, needed) is { } rise
                    && oddities.Alarm.Reach(frame.End, rise.Sigma >= Frame.Certain * needed))
                {
                    yield return ToAnomaly(series, kind, frame, rise, needed, now);
                }
            }
        }
    }

    /// <summary>All windows up to a step have been judged.</summary>
    /// <param name="open">Told of each service with an open alarm, and when it was last beyond its limit.</param>
    public void Settle(long end, Action<string, long> open)
    {
        foreach (var series in _series.Values)
        {
            foreach (var (kind, oddities) in Sorts(series))
            {
                if (!oddities.Alarm.IsOpen)
                {
                    continue;
                }

                oddities.Alarm.Settle(end);
                if (kind != FlowSignKind.Changed)
                {
                    foreach (var service in Ways(series, kind, oddities.Alarm.LastReached).Services)
                    {
                        open(service, oddities.Alarm.LastReached);
                    }
                }
            }
        }
    }

    public IReadOnlyList<FlowSeries> ToState() => [.. _series.Values];

    public void Restore(IReadOnlyList<FlowSeries> series)
    {
        foreach (var one in series)
        {
            _series.Add(one.Kind, one);
        }
    }

    private static IEnumerable<(FlowSignKind Kind, FlowOddities Oddities)> Sorts(FlowSeries series) =>
        [(FlowSignKind.Broken, series.Broken), (FlowSignKind.Slow, series.Slow), (FlowSignKind.Changed, series.Changed)];

    private Rise? Test(FlowSeries series, FlowOddities oddities, Frame frame, double needed)
    {
        Rise? best = null;
        for (var i = 0; i < Frame.Lengths.Count; i++)
        {
            var length = Frame.Lengths[i];
            var ended = series.Ended.Between(frame.End - length, frame.End);
            var odd = Math.Min(ended, oddities.Counts.Between(frame.End - length, frame.End));
            if (odd < options.MinCount)
            {
                continue;
            }

            var since = Math.Max(frame.Since, series.Since);
            var usual = oddities.Counts.UsualIn(frame.Before(i), since, options.Clumping);
            var of = series.Ended.UsualIn(frame.Before(i), since, 1).Count;
            if (of < options.MinSessions || usual.Steps * Steps.Seconds < options.MinHistory.TotalSeconds)
            {
                continue;
            }

            var before = Math.Clamp(usual.Count, 0, of);
            var (share, usualShare) = ((double)odd / ended, before / of);
            var sigma = LikelihoodRatio.OfShares(before, of, odd, ended) / Math.Sqrt(usual.Dispersion);
            if (share >= options.MinRatio * usualShare && share >= usualShare + options.MinRise && sigma >= needed && !(sigma <= best?.Sigma))
            {
                best = new Rise(length, odd, ended, before, of, usual, sigma);
            }
        }

        return best;
    }

    private Anomaly ToAnomaly(FlowSeries series, FlowSignKind kind, Frame frame, Rise rise, double needed, long now)
    {
        var (most, services) = Ways(series, kind, frame.End, rise.Length);
        var end = Steps.Start(frame.End);
        var start = most is null ? end - (rise.Length * Steps.Nanos) : most.FirstNanos;
        var seconds = rise.Length * Steps.Seconds;
        var what = kind switch
        {
            FlowSignKind.Broken => "stop early or go another way",
            FlowSignKind.Slow => "wait unusually long",
            FlowSignKind.Changed => "have new steps",
            _ => throw new System.Diagnostics.UnreachableException($"Unknown sort {kind}."),
        };
        return new Anomaly
        {
            Id = ContentId.Of(
                "anomaly", environment, Name, $"{kind}:{series.Kind:x16}", (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = kind switch
            {
                FlowSignKind.Broken => AnomalyType.ErrorSpike,
                FlowSignKind.Slow => AnomalyType.LatencySpike,
                _ => AnomalyType.Unknown,
            },
            Detector = Name,
            IsSupporting = kind == FlowSignKind.Changed,
            Environment = environment,
            Services = services.Count > 0 ? services : [series.Service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(now)),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture,
                $"{rise.Before / rise.Of:0.##%} of the sessions by {series.Key} that begin with '{series.Entry}' of {series.Service} {what} (usual over {rise.Usual.Steps * Steps.Seconds / 60.0:0.#} min and {rise.Of:N0} sessions)"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{rise.Odd:N0} of {rise.Ended:N0} sessions that ended in {seconds} s ({(double)rise.Odd / rise.Ended:0.#%}){Describe(most)}: {rise.Sigma:0.0} standard deviations (likelihood ratio of two shares, clumping {rise.Usual.Dispersion:0.0}), {needed:0.0} needed"),
            Evidence = [],
            Strength = rise.Sigma,
        };
    }

    private static string Describe(FlowWay? way) => way switch
    {
        null => string.Empty,
        { Examples.Count: 0 } => $"; most of them: {way.Text}",
        _ => $"; most of them, as {string.Join(", ", way.Examples)}: {way.Text}",
    };

    /// <summary>The commonest way of a window, and the services of all that are about as common.</summary>
    private static (FlowWay? Most, IReadOnlyList<string> Services) Ways(FlowSeries series, FlowSignKind kind, long end, int length = 60)
    {
        var ways = series.Ways.Where(w => w.Kind == kind && w.Step >= end - length && w.Step < end)
            .GroupBy(w => w.Way)
            .Select(g => g.Last() with { Count = g.Sum(w => w.Count), FirstNanos = g.Min(w => w.FirstNanos), Examples = [.. g.SelectMany(w => w.Examples).Take(FlowSign.MaxExamples)] })
            .OrderByDescending(w => w.Count).ThenBy(w => w.Way).ToList();
        return ways.Count == 0
            ? (null, [])
            : (ways[0], [.. ways.Where(w => 2 * w.Count >= ways[0].Count).SelectMany(w => w.Services).Distinct(StringComparer.Ordinal).Take(MaxServices)]);
    }

    private sealed record Rise(int Length, long Odd, long Ended, double Before, double Of, Usual Usual, double Sigma);
}
