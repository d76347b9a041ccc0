using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.LatencyShift;

/// <summary>A service whose operations take longer than they used to, by the durations of its spans and messages.</summary>
/// <remarks>
/// Looks at the distribution, not at its mean: the share of durations beyond 1.5 times the ninth decile, or beyond twice the median,
/// of the same operation before (likelihood ratio of two shares, widened by the clumping that the operation showed before; what comes in many steps is counted by steps
/// too, where it hardly clumps), so a changed mix of operations changes
/// nothing. Tested for each operation, and for all of a service together, since a slow host shows in each a little. When the environment
/// is asked for more than usual, durations may grow by the square of it: who waits in a queue waits longer the busier it is, in proportion to 1 / (1 - use),
/// and up to about half of its capacity in use that is less than the square.
/// One anomaly per service, naming the operation that shifted most. One environment's; not thread-safe.
/// </remarks>
internal sealed class LatencyShiftDetector(string environment, LatencyShiftOptions options)
{
    public const string Name = "latency-shift";

    private readonly SortedDictionary<string, ServiceLatency> _services = new(StringComparer.Ordinal);
    private readonly double[] _roots = new double[LogBins.Count];
    private readonly double[] _before = new double[LogBins.Count];
    private readonly double[] _now = new double[LogBins.Count];
    private int _operations;
    private double _needed;

    /// <param name="trace">Hash of the trace or request; 0 when there is none.</param>
    /// <param name="isRoot">Nobody waits for it but the user: how long roots take is the measure of what matters.</param>
    public void Observe(string service, string operation, long step, double nanos, ulong trace, bool isRoot)
    {
        if (isRoot)
        {
            _roots[LogBins.Of(nanos)]++;
        }

        if (!_services.TryGetValue(service, out var latency))
        {
            latency = new ServiceLatency { Service = service };
            _services.Add(service, latency);
        }

        if (!latency.Operations.TryGetValue(operation, out var known))
        {
            if (_operations >= options.MaxOperations)
            {
                return;
            }

            known = new Operation { Service = service, Name = operation };
            latency.Operations.Add(operation, known);
            _operations++;
        }

        known.Add(step, LogBins.Of(nanos), trace);
        latency.Dirty = Math.Min(latency.Dirty, step);
    }

    /// <summary>Whether durations of a service are judged here.</summary>
    public bool Knows(string service) => _services.ContainsKey(service);

    /// <summary>Whether there are spans at all.</summary>
    public bool HasRoots => Array.Exists(_roots, r => r > 0);

    /// <param name="load">How many times as much the environment did as usual in each of the frame's windows, at least 1.</param>
    /// <param name="isWarming">Services that may be slow for a while.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, QuietTime quiet, IReadOnlyList<double> load, Predicate<string> isWarming)
    {
        _needed = frame.Sigma(2 * (_operations + _services.Count)); // Each operation is tested at two thresholds.
        foreach (var service in _services.Values)
        {
            if (service.Dirty < frame.End && !isWarming(service.Service) && Test(service, frame, quiet, load) is { } shift
                && service.Alarm.Reach(frame.End, IsSpread(service, frame, shift) || shift.Sigma >= Frame.Certain * _needed))
            {
                yield return ToAnomaly(service, frame, shift);
            }
        }
    }

    public void Settle(long end, QuietTime quiet, Action<string, long> open)
    {
        foreach (var service in _services.Values)
        {
            var last = -1L;
            foreach (var operation in service.Operations.Values)
            {
                last = Math.Max(last, operation.Durations.Last);
                if (end % Steps.PerMinute == 0)
                {
                    operation.Durations.Age(end, quiet);
                }
            }

            service.Dirty = last < end - Frame.Lengths[^1] ? long.MaxValue : end - 1;
            if (service.Alarm.IsOpen)
            {
                service.Alarm.Settle(end);
                open(service.Service, service.Alarm.LastReached);
            }
        }
    }

    public LatencyState ToState() => new([.. _services.Values], _roots);

    public void Restore(LatencyState state)
    {
        state.Roots.CopyTo(_roots, 0);
        foreach (var service in state.Services)
        {
            _services.Add(service.Service, service);
            _operations += service.Operations.Count;
        }
    }

    private Shift? Test(ServiceLatency service, Frame frame, QuietTime quiet, IReadOnlyList<double> load)
    {
        Shift? best = null;
        var floor = Floor();
        for (var i = 0; i < Frame.Lengths.Count; i++)
        {
            var (length, grows) = (Frame.Lengths[i], load[i] * load[i]);
            var from = frame.End - length;
            if ((from - frame.Since) * Steps.Seconds < options.MinHistory.TotalSeconds)
            {
                continue;
            }

            var (pool, clumpingOfAll) = (default(Slow), 0.0);
            Shift? worst = null;
            foreach (var operation in service.Operations.Values)
            {
                if (operation.Durations.Last < from)
                {
                    continue;
                }

                Array.Clear(_now);
                var ofNow = operation.Durations.Window(from, frame.End, _now);
                var ofBefore = ofNow == 0 ? 0 : operation.Durations.Usual(from, quiet, _before);
                if (ofNow == 0 || ofBefore < options.MinBefore)
                {
                    continue;
                }

                var median = Quantile(_before, ofBefore, 0.5);
                var tail = Beyond(Math.Max(floor, LogBins.Times(Quantile(_before, ofBefore, 0.9), grows * options.TailFactor)), ofBefore, ofNow);
                var middle = Beyond(Math.Max(floor, LogBins.Times(median, grows * options.MedianFactor)), ofBefore, ofNow);
                var clumping = operation.Durations.Clumping(options.Clumping);
                pool = pool.Plus(tail);
                clumpingOfAll += clumping * ofNow;
                foreach (var slow in (ReadOnlySpan<Slow>)[tail, middle])
                {
                    var (atOnce, oneByOne) = (Sigma(slow, clumping), OneByOne(slow, operation.Durations, from, frame.End));
                    var sigma = Math.Max(atOnce, oneByOne);
                    if (worst is null || sigma > worst.Sigma
                        || (sigma.Equals(worst.Sigma) && string.CompareOrdinal(operation.Name, worst.Operation) < 0))
                    {
                        worst = new Shift(operation.Name, from, length, slow, sigma, LogBins.Middle(median), LogBins.Middle(Quantile(_now, ofNow, 0.5)), load[i], oneByOne > atOnce ? options.SpreadClumping : clumping);
                    }
                }
            }

            if (worst is null)
            {
                continue;
            }

            // What slows one operation often slows the others, too.
            var clumpingOfPool = Math.Max(options.Clumping, clumpingOfAll / pool.OfNow);
            var pooled = Sigma(pool, clumpingOfPool);
            if (pooled > worst.Sigma)
            {
                worst = worst with { Slow = pool with { Bin = worst.Slow.Bin }, Sigma = pooled, IsPooled = true, Clumping = clumpingOfPool };
            }

            if (worst.Sigma >= _needed && !(worst.Sigma <= best?.Sigma))
            {
                best = worst;
            }
        }

        return best;
    }

    private bool IsSpread(ServiceLatency service, Frame frame, Shift shift) =>
        service.Operations[shift.Operation].Durations.StepsAbove(shift.Slow.Bin, shift.From, frame.End) >= options.AgreeingSteps;

    /// <summary>What is less than a tenth of a usual request is not worth a page.</summary>
    private int Floor()
    {
        var floor = options.Floor.TotalNanoseconds;
        var roots = _roots.Sum();
        var root = roots > 0 ? LogBins.Middle(Quantile(_roots, roots, 0.5)) : 0;
        return LogBins.Of(Math.Clamp(root / 10, floor, 10 * floor));
    }

    private double Sigma(Slow slow, double clumping)
    {
        var share = slow.Now / Math.Max(1, slow.OfNow);
        var before = slow.Before / Math.Max(1, slow.OfBefore);
        return slow.Now < options.MinSlow || share - before < options.MinShare
            ? 0
            : LikelihoodRatio.OfShares(slow.Before, slow.OfBefore, slow.Now, slow.OfNow) / Math.Sqrt(clumping);
    }

    /// <summary>Slow ones that come in one step after the other are no clump: counted once a step, they need not be as many.</summary>
    private double OneByOne(Slow slow, DurationSeries durations, long from, long to)
    {
        if (to - from < Steps.PerMinute || Sigma(slow, 1) < _needed)
        {
            return 0;
        }

        var steps = durations.StepsAbove(slow.Bin, from, to);
        return steps < options.MinSpread ? 0 : Sigma(slow with { Now = steps, OfNow = slow.OfNow - slow.Now + steps }, options.SpreadClumping);
    }

    /// <summary>Durations in the bins above one.</summary>
    private Slow Beyond(int bin, double ofBefore, double ofNow)
    {
        double before = 0, now = 0;
        for (var i = bin + 1; i < LogBins.Count; i++)
        {
            before += _before[i];
            now += _now[i];
        }

        return new Slow(bin, before, ofBefore, now, ofNow);
    }

    private static int Quantile(double[] bins, double sum, double share)
    {
        var wanted = share * sum;
        double below = 0;
        for (var i = 0; i < bins.Length; i++)
        {
            below += bins[i];
            if (below >= wanted)
            {
                return i;
            }
        }

        return bins.Length - 1;
    }

    private Anomaly ToAnomaly(ServiceLatency service, Frame frame, Shift shift)
    {
        var seconds = shift.Length * Steps.Seconds;
        var start = Steps.Start(service.Operations[shift.Operation].Durations.FirstAbove(shift.Slow.Bin, shift.From));
        var slow = shift.Slow;
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, service.Service, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyType.LatencySpike,
            Detector = Name,
            Environment = environment,
            Services = [service.Service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture,
                $"{slow.Before:0} of {slow.OfBefore:0} slow, as before; {shift.Operation} took {Milliseconds(shift.MedianBefore)} in the middle"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{slow.Now:0} of {slow.OfNow:0} slow in {seconds} s{(shift.IsPooled ? " over all operations" : string.Empty)}, most of all {shift.Operation} with {Milliseconds(shift.MedianNow)}: {shift.Sigma:0.0} standard deviations (likelihood ratio of two shares, clumping {shift.Clumping:0.0}), {_needed:0.0} needed{(shift.Load > 1 ? $"; {shift.Load:0.0} times as much was asked for as usual, so only what takes {shift.Load * shift.Load:0.0} times as long as else counts as slow" : string.Empty)}"),
            Evidence = [],
            Strength = shift.Sigma,
        };
    }

    private static string Milliseconds(double nanos) => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e6:0.##} ms");

    /// <param name="Bin">Slow are those in bins above.</param>
    private readonly record struct Slow(int Bin, double Before, double OfBefore, double Now, double OfNow)
    {
        public Slow Plus(Slow other) =>
            new(other.Bin, Before + other.Before, OfBefore + other.OfBefore, Now + other.Now, OfNow + other.OfNow);
    }

    private sealed record Shift(
        string Operation, long From, int Length, Slow Slow, double Sigma, double MedianBefore, double MedianNow, double Load, double Clumping, bool IsPooled = false);
}

/// <summary>A <see cref="LatencyShiftDetector"/> at rest.</summary>
internal sealed record LatencyState(IReadOnlyList<ServiceLatency> Services, double[] Roots);

/// <summary>What takes time in one service.</summary>
internal sealed class ServiceLatency
{
    public required string Service { get; init; }

    public Dictionary<string, Operation> Operations { get; init; } = [];

    public Alarm Alarm { get; init; } = new();

    /// <summary>Earliest step that changed since it was last judged; <see cref="long.MaxValue"/> when none did.</summary>
    public long Dirty { get; set; } = long.MaxValue;
}
