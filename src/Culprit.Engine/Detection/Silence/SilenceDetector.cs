using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Silence;

/// <summary>A service that has stopped to speak, against its own rhythm and against what all others still do.</summary>
/// <remarks>
/// Expected is the usual rate (likelihood ratio of two Poisson rates, widened by the clumping seen), lowered by the factor by
/// which all other services together do less. A minute is the shortest silence, so that restarts pass; a service that speaks
/// seldom needs five, and one that speaks less than about five times a minute is never missed. Until a silence is longer than records may be
/// late, it may be a shipper that stalls: it tells more of an incident that others opened, and opens none. When all
/// fall silent at once it is the way of the logs and not the services: one finding.
/// </remarks>
/// <param name="lateness">By how much a record may be late.</param>
internal sealed class SilenceDetector(string environment, SilenceOptions options, TimeSpan lateness)
{
    public const string Name = "silence";

    /// <summary>Of <see cref="Frame.Lengths"/>: one minute and five.</summary>
    private static readonly int[] LengthIndexes = [Frame.Minute, Frame.FiveMinutes];

    /// <summary>Marks the alarm of a silence that no lateness explains. No service is named so.</summary>
    private const string Certain = "\0certain";

    private readonly AlarmTable _alarms = new();
    private readonly int _lateSteps = (int)(lateness.TotalSeconds / Steps.Seconds);
    private double _needed;

    /// <param name="traffic">By service; the environment as a whole has no name.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        _needed = frame.Sigma(traffic.Count);
        if (!traffic.TryGetValue(string.Empty, out var all))
        {
            yield break;
        }

        foreach (var service in traffic.Values)
        {
            if ((service.Service.Length == 0 && !options.ReportAll) || Test(service, all, frame) is not { } silence)
            {
                continue;
            }

            var isLate = service.Service.Length > 0 && MayBeLate(service, silence, frame);
            if (_alarms.Of(isLate || service.Service.Length == 0 ? service.Service : service.Service + Certain).Reach(frame.End, isCertain: false))
            {
                yield return ToAnomaly(service.Service, frame, silence) with { IsSupporting = isLate };
            }
        }
    }

    public void Settle(long end, Action<string, long> open) =>
        _alarms.Settle(end, (key, last) => open(key.Replace(Certain, string.Empty, StringComparison.Ordinal), last));

    public IReadOnlyDictionary<string, Alarm> ToState() => _alarms.ToState();

    public void Restore(IReadOnlyDictionary<string, Alarm> state) => _alarms.Restore(state);

    /// <summary>It spoke as usual within the time by which records may be late.</summary>
    private bool MayBeLate(ServiceTraffic service, Silence silence, Frame frame) =>
        silence.Length < _lateSteps
        && service.All.Counts.Between(frame.End - _lateSteps, frame.End) > options.MaxShare * silence.Expected * _lateSteps / silence.Length;

    private Silence? Test(ServiceTraffic service, ServiceTraffic all, Frame frame)
    {
        foreach (var i in LengthIndexes)
        {
            var length = Frame.Lengths[i];
            var from = frame.End - length;
            var since = Math.Max(frame.Since, service.Since);
            var usual = service.All.Counts.UsualIn(frame.Before(i), since, options.Clumping);
            if (usual.Steps * Steps.Seconds < options.MinHistory.TotalSeconds || usual.PerStep * length < 5)
            {
                continue;
            }

            var now = service.All.Counts.Between(from, frame.End);
            var others = 1.0;
            if (service.Service.Length > 0)
            {
                var usualOfAll = all.All.UsualIn(frame, i, frame.Since);
                var before = (usualOfAll.PerStep - usual.PerStep) * length;
                others = before > 0 ? Math.Min(1, (all.All.Counts.Between(from, frame.End) - now) / before) : 0;
            }

            var expected = usual.PerStep * length * others;
            if (expected <= 0 || now > (service.Service.Length == 0 ? options.MaxShareOfAll : options.MaxShare) * expected)
            {
                continue;
            }

            var sigma = -LikelihoodRatio.OfRates(usual.Count, usual.Steps, now, length * others) / Math.Sqrt(usual.Dispersion);
            if (sigma >= _needed)
            {
                return new Silence(from, length, now, expected, sigma);
            }
        }

        return null;
    }

    private Anomaly ToAnomaly(string service, Frame frame, Silence silence)
    {
        var seconds = silence.Length * Steps.Seconds;
        var start = Steps.Start(silence.From);
        var who = service.Length == 0 ? "all services" : service;
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, service, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyType.Unknown,
            Detector = Name,
            Environment = environment,
            Services = service.Length == 0 ? [] : [service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"about {silence.Expected:0} records and spans of {who} in {seconds} s"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{silence.Count} in {seconds} s: {silence.Sigma:0.0} standard deviations (likelihood ratio of two rates), {_needed:0.0} needed{(service.Length == 0 ? "; when all fall silent, look at how logs are shipped first" : string.Empty)}"),
            Evidence = [],
            Strength = silence.Sigma,
        };
    }

    private sealed record Silence(long From, int Length, long Count, double Expected, double Sigma);
}
