using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.LatencyShift;

/// <summary>A service whose operations take longer than they used to, by the durations of its spans and messages.</summary>
/// <remarks>
/// Looks at the distribution, not at its mean: the share of durations beyond 1.5 times the ninth decile, twice the median, or 1.5 times what 99 of
/// 100 took of the same operation before (likelihood ratio of two shares, widened by the clumping that the operation showed before; what comes in many steps is counted by steps
/// too, where it hardly clumps), so a changed mix of operations changes
/// nothing. Tested for each operation, and for all of a service together, since a slow host shows in each a little. When the environment
/// is asked for more than usual, durations may grow by the square of it: who waits in a queue waits longer the busier it is, in proportion to 1 / (1 - use),
/// and up to about half of its capacity in use that is less than the square.
/// One anomaly per service, naming the operation that shifted most. One environment's; not thread-safe.
/// </remarks>
internal sealed class LatencyShiftDetector(string environment, LatencyShiftOptions options)
{
    public const string Name = "latency-shift";

    // The levels of a Reference that are pooled.
    private const int Levels = 3;
    private const int Tail = 0;
    private const int Rare = 2;

    private readonly SortedDictionary<string, ServiceLatency> _services = new(StringComparer.Ordinal);
    private readonly double[] _roots = new double[LogBins.Count];
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
        _needed = frame.Sigma(3 * (_operations + _services.Count)); // Each operation is tested at three thresholds.
        var floor = Floor();
        foreach (var service in _services.Values)
        {
            if (service.Dirty < frame.End && !isWarming(service.Service) && Test(service, frame, quiet, load, floor) is { } shift
                && service.Alarm.Reach(frame.End, IsSpread(service, frame, shift) || shift.Sigma >= Frame.Certain * _needed))
            {
                yield return ToAnomaly(service, frame, shift);
            }
        }
    }

    /// <summary>What has aged becomes usual.</summary>
    public void Learn(long end, QuietTime quiet)
    {
        foreach (var service in _services.Values)
        {
            service.Age(end, quiet);
        }
    }

    public void Settle(long end, Action<string, long> open)
    {
        foreach (var service in _services.Values)
        {
            var last = service.Operations.Values.Select(o => o.Durations.Last).DefaultIfEmpty(-1).Max();
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

    private Shift? Test(ServiceLatency service, Frame frame, QuietTime quiet, IReadOnlyList<double> load, int floor)
    {
        Shift? best = null;
        Span<long> beyond = stackalloc long[Levels];
        for (var i = 0; i < Frame.Lengths.Count; i++)
        {
            var from = frame.End - Frame.Lengths[i];
            if ((from - frame.Since) * Steps.Seconds < options.MinHistory.TotalSeconds || from >= frame.ShownBefore)
            {
                continue;
            }

            var (pool, rarePool) = (default(Slow), default(Slow));
            Shift? worst = null;
            foreach (var operation in service.Operations.Values)
            {
                if (operation.Durations.Last < from)
                {
                    continue;
                }

                var before = operation.Before(i, from, quiet, new ReferenceLimits(floor, load[i] * load[i], quiet.Version), options);
                var ofNow = operation.Durations.Beyond(from, frame.End, before.Slow, beyond);
                if (ofNow == 0 || before.Count < options.MinBefore)
                {
                    continue;
                }

                var clumping = operation.Durations.Clumping.Of(options.Clumping);
                for (var level = 0; level < Levels; level++)
                {
                    var slow = new Slow(before.Slow[level], before.Before[level], before.Count, beyond[level], ofNow);
                    pool = level == Tail ? pool.Plus(slow) : pool;
                    rarePool = level == Rare ? rarePool.Plus(slow) : rarePool;
                    var (atOnce, oneByOne) = (Sigma(slow, clumping), OneByOne(slow, operation.Durations, from, frame.End));
                    var sigma = Math.Max(atOnce, oneByOne);
                    if (worst is null || sigma > worst.Sigma
                        || (sigma.Equals(worst.Sigma) && string.CompareOrdinal(operation.Name, worst.Operation) < 0))
                    {
                        worst = new Shift(operation.Name, from, slow, sigma, before.Median, load[i], oneByOne > atOnce ? options.SpreadClumping : clumping);
                    }
                }
            }

            if (worst is null)
            {
                continue;
            }

            // What slows one operation often slows the others, too.
            var clumpingOfPool = service.Clumping.Of(options.Clumping);
            foreach (var slow in (ReadOnlySpan<Slow>)[pool, rarePool])
            {
                var pooled = Sigma(slow, clumpingOfPool);
                if (pooled > worst.Sigma)
                {
                    worst = worst with { Slow = slow with { Bin = worst.Slow.Bin }, Sigma = pooled, IsPooled = true, Clumping = clumpingOfPool };
                }
            }

            if (worst.Sigma >= _needed && !(worst.Sigma <= best?.Sigma) && (frame.IsWhole || HasShown(service, frame, worst)))
            {
                best = worst;
            }
        }

        return best;
    }

    private static bool HasShown(ServiceLatency service, Frame frame, Shift shift)
    {
        var slow = shift.Slow;
        var usual = slow.OfNow * slow.Before / Math.Max(1, slow.OfBefore) / frame.StepsSince(shift.From);
        return service.Operations[shift.Operation].Durations
            .StepsAbove(slow.Bin, shift.From, frame.ShownBefore, Poisson.Limit(usual, Frame.RareStep)) > 0;
    }

    private bool IsSpread(ServiceLatency service, Frame frame, Shift shift) =>
        service.Operations[shift.Operation].Durations.StepsAbove(shift.Slow.Bin, shift.From, frame.End) >= options.AgreeingSteps;

    /// <summary>What is less than a tenth of a usual request is not worth a page.</summary>
    private int Floor()
    {
        var floor = options.Floor.TotalNanoseconds;
        var roots = _roots.Sum();
        var root = roots > 0 ? LogBins.Middle(Reference.Quantile(_roots, roots, 0.5)) : 0;
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

    private Anomaly ToAnomaly(ServiceLatency service, Frame frame, Shift shift)
    {
        var seconds = (int)Math.Round(frame.StepsSince(shift.From) * Steps.Seconds);
        var start = Steps.Start(service.Operations[shift.Operation].Durations.FirstAbove(shift.Slow.Bin, shift.From));
        var slow = shift.Slow;
        Span<double> bins = stackalloc double[LogBins.Count];
        var medianNow = Reference.Quantile(bins, service.Operations[shift.Operation].Durations.Window(shift.From, frame.End, bins), 0.5);
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, service.Service, (start / (60 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyType.LatencySpike,
            Detector = Name,
            Environment = environment,
            Services = [service.Service],
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(frame.EndNanos),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture,
                $"{slow.Before:0} of {slow.OfBefore:0} slow, as before; {shift.Operation} took {Milliseconds(shift.MedianBefore)} in the middle"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{slow.Now:0} of {slow.OfNow:0} slow in {seconds} s{(shift.IsPooled ? " over all operations" : string.Empty)}, most of all {shift.Operation} with {Milliseconds(medianNow)}: {shift.Sigma:0.0} standard deviations (likelihood ratio of two shares, clumping {shift.Clumping:0.0}), {_needed:0.0} needed{(shift.Load > 1 ? $"; {shift.Load:0.0} times as much was asked for as usual, so only what takes {shift.Load * shift.Load:0.0} times as long as else counts as slow" : string.Empty)}"),
            Evidence = [],
            Strength = shift.Sigma,
        };
    }

    private static string Milliseconds(int bin) => string.Create(CultureInfo.InvariantCulture, $"{LogBins.Middle(bin) / 1e6:0.##} ms");

    /// <param name="Bin">Slow are those in bins above.</param>
    private readonly record struct Slow(int Bin, double Before, double OfBefore, double Now, double OfNow)
    {
        public Slow Plus(Slow other) =>
            new(other.Bin, Before + other.Before, OfBefore + other.OfBefore, Now + other.Now, OfNow + other.OfNow);
    }

    private sealed record Shift(
        string Operation, long From, Slow Slow, double Sigma, int MedianBefore, double Load, double Clumping, bool IsPooled = false);
}

/// <summary>A <see cref="LatencyShiftDetector"/> at rest.</summary>
internal sealed record LatencyState(IReadOnlyList<ServiceLatency> Services, double[] Roots);

/// <summary>What takes time in one service.</summary>
internal sealed class ServiceLatency
{
    public required string Service { get; init; }

    public Dictionary<string, Operation> Operations { get; init; } = [];

    public Alarm Alarm { get; init; } = new();

    /// <summary>How slow ones of all operations came together.</summary>
    public Clumping Clumping { get; set; }

    /// <summary>Minute up to which <see cref="Clumping"/> has decayed.</summary>
    public long DecayedTo { get; set; }

    /// <summary>Earliest step that changed since it was last judged; <see cref="long.MaxValue"/> when none did.</summary>
    public long Dirty { get; set; } = long.MaxValue;

    /// <summary>Lets what has aged become part of what is usual.</summary>
    public void Age(long end, QuietTime quiet)
    {
        var cells = new SortedDictionary<long, SlowCell>();
        foreach (var (step, cell) in Operations.Values.SelectMany(o => o.Age(end, quiet)))
        {
            cells[step] = cells.TryGetValue(step, out var others) ? others.Plus(cell) : cell;
        }

        var now = end / Steps.PerMinute;
        Clumping = Clumping.Times(DecayedTo == 0 ? 1 : DurationSeries.Decay(now - DecayedTo)).Plus(cells);
        DecayedTo = now;
    }
}
