using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Decline;

/// <summary>A service that does clearly less than usual while the others go on: work that is dropped without a word.</summary>
/// <remarks>
/// Work is what is logged at INFO, or spans: DEBUG is switched on and off, and warnings come and go by themselves. Likelihood ratio of two Poisson
/// rates over five minutes, widened by the clumping seen and lowered by the factor by which all other services together do less. It must also be
/// less than in the ten minutes before, so that what fades by the hour is none, and have declined in the part of the window for which no record
/// can be late, so that a shipper that stalls is none. While something else is wrong, doing less is what follows from it, and tells more
/// of that. One environment's; not thread-safe.
/// </remarks>
/// <param name="lateness">By how much a record may be late.</param>
internal sealed class DeclineDetector(string environment, DeclineOptions options, TimeSpan lateness)
{
    public const string Name = "decline";

    /// <summary>Steps between two looks: the window is long.</summary>
    private const int EverySteps = 4;

    /// <summary>What less is expected of in five minutes is too little to miss a part of.</summary>
    private const double MinExpected = 10;

    private const int RecentSteps = 10 * Steps.PerMinute;

    private static readonly int Length = Frame.Lengths[Frame.FiveMinutes];

    private readonly AlarmTable _alarms = new();
    private readonly int _lateSteps = (int)(lateness.TotalSeconds / Steps.Seconds);

    /// <param name="traffic">By service; the environment as a whole has no name.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        if (frame.End % EverySteps != 0 || !traffic.TryGetValue(string.Empty, out var all))
        {
            yield break;
        }

        var needed = frame.Sigma(2 * traffic.Count);
        foreach (var service in traffic.Values.Where(s => s.Service.Length > 0))
        {
            var less = Test(service, service.Info, all.Info, frame);
            less = Test(service, service.Spans, all.Spans, frame) is { } ofSpans && !(ofSpans.Sigma <= less?.Sigma) ? ofSpans : less;
            if (less is not null && less.Sigma >= needed && _alarms.Of(service.Service).Reach(frame.End, less.Sigma >= Frame.Certain * needed))
            {
                yield return ToAnomaly(service.Service, frame, less, needed);
            }
        }
    }

    public void Settle(long end, Action<string, long> open) => _alarms.Settle(end, open);

    public IReadOnlyDictionary<string, Alarm> ToState() => _alarms.ToState();

    public void Restore(IReadOnlyDictionary<string, Alarm> state) => _alarms.Restore(state);

    private Less? Test(ServiceTraffic service, Traffic work, Traffic all, Frame frame)
    {
        var (from, settled) = (frame.End - Length, frame.End - _lateSteps);
        var now = work.Counts.Between(from, frame.End);
        var before = work.Counts.Between(from - RecentSteps, from);
        if (now > options.MaxShare * before * Length / RecentSteps)
        {
            return null;
        }

        var usual = work.Counts.UsualIn(frame.Before(Frame.FiveMinutes), Math.Max(frame.Since, service.Since), options.Clumping);
        var usualOfAll = all.UsualIn(frame, Frame.FiveMinutes, frame.Since);
        if (usual.Steps * Steps.Seconds < options.MinHistory.TotalSeconds || settled <= from)
        {
            return null;
        }

        var whole = Hold(from, frame.End);
        if (whole.Expected < MinExpected || !Declined(whole))
        {
            return null;
        }

        var part = Hold(from, settled);
        return Declined(part) && part.Sigma >= options.SettledSigma ? whole : null;

        bool Declined(Less less) => less.Count <= options.MaxShare * less.Expected;

        Less Hold(long first, long last)
        {
            var (steps, count) = (last - first, work.Counts.Between(first, last));
            var usualOfOthers = (usualOfAll.PerStep - usual.PerStep) * steps;
            var others = usualOfOthers > 0 ? Math.Min(1, (all.Counts.Between(first, last) - count) / usualOfOthers) : 0;
            var expected = usual.PerStep * steps * others;
            return new Less(count, expected, -LikelihoodRatio.OfRates(usual.Count, usual.Steps, count, steps * others) / Math.Sqrt(usual.Dispersion));
        }
    }

    private Anomaly ToAnomaly(string service, Frame frame, Less less, double needed)
    {
        var start = Steps.Start(frame.End - Length);
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, service, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyType.Unknown,
            Detector = Name,
            YieldsToOthers = true,
            Environment = environment,
            Services = [service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = TimeSpan.FromSeconds(Length * Steps.Seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"about {less.Expected:0} pieces of work (records at INFO, or spans) of {service} in {Length * Steps.Seconds} s, for what all others do"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{less.Count}, {less.Count / less.Expected:0%} of it: {less.Sigma:0.0} standard deviations (likelihood ratio of two rates), {needed:0.0} needed"),
            Evidence = [],
            Strength = less.Sigma,
        };
    }

    private sealed record Less(long Count, double Expected, double Sigma);
}
