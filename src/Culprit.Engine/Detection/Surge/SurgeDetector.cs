using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Surge;

/// <summary>A service that does many times as much as it ever did: a job that runs away, a loop, a flood.</summary>
/// <remarks>
/// The counterpart of the silence detector: likelihood ratio of two Poisson rates over a minute, widened by the clumping seen and
/// raised by the factor by which all other services do more, so load on all is no surge. It must also be busy through most of
/// the minute, and far beyond every minute that is remembered, so neither bursts nor regular jobs count. One environment's; not thread-safe.
/// </remarks>
internal sealed class SurgeDetector(string environment, SurgeOptions options)
{
    public const string Name = "surge";

    private readonly AlarmTable _alarms = new();

    /// <param name="traffic">By service; the environment as a whole has no name.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        var needed = frame.Sigma(traffic.Count);
        if (!traffic.TryGetValue(string.Empty, out var all))
        {
            yield break;
        }

        foreach (var service in traffic.Values)
        {
            if (service.Service.Length == 0 || Test(service, all, frame, needed) is not { } surge)
            {
                continue;
            }

            if (_alarms.Of(service.Service).Reach(frame.End, isCertain: false))
            {
                yield return ToAnomaly(service.Service, frame, surge, needed);
            }
        }
    }

    public void Settle(long end, Action<string, long> open) => _alarms.Settle(end, open);

    public IReadOnlyDictionary<string, Alarm> ToState() => _alarms.ToState();

    public void Restore(IReadOnlyDictionary<string, Alarm> state) => _alarms.Restore(state);

    private Rise? Test(ServiceTraffic service, ServiceTraffic all, Frame frame, double needed)
    {
        var length = Frame.Lengths[Frame.Minute];
        var from = frame.End - length;
        var counts = service.All.Counts;
        var now = counts.Between(from, frame.End);
        if (now < options.MinCount)
        {
            return null;
        }

        var since = Math.Max(frame.Since, service.Since);
        var usual = counts.UsualIn(frame.Before(Frame.Minute), since, options.Clumping);
        var usualOfAll = all.All.UsualIn(frame, Frame.Minute, frame.Since);
        var before = (usualOfAll.PerStep - usual.PerStep) * length;
        var others = before > 0 ? Math.Max(1, (all.All.Counts.Between(from, frame.End) - now) / before) : 1;
        var expected = usual.PerStep * length * others;
        if (usual.Steps * Steps.Seconds < options.MinHistory.TotalSeconds || now < options.MinRatio * expected
            || counts.StepsAbove(options.MinRatio * expected / (2 * length), from, frame.End) < options.MinSpread * length
            || now < options.MinBeyond * counts.LargestMinuteBefore(from))
        {
            return null;
        }

        var sigma = LikelihoodRatio.OfRates(usual.Count, usual.Steps, now, length * others) / Math.Sqrt(usual.Dispersion);
        return sigma >= needed ? new Rise(from, now, expected, sigma) : null;
    }

    private Anomaly ToAnomaly(string service, Frame frame, Rise surge, double needed)
    {
        var start = Steps.Start(surge.From);
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, service, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyType.Unknown,
            Detector = Name,
            Environment = environment,
            Services = [service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = TimeSpan.FromMinutes(1),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"about {surge.Expected:0.#} records and spans of {service} in 60 s"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{surge.Count} in 60 s: {surge.Sigma:0.0} standard deviations (likelihood ratio of two rates), {needed:0.0} needed"),
            Evidence = [],
            Strength = surge.Sigma,
        };
    }

    private sealed record Rise(long From, long Count, double Expected, double Sigma);
}
