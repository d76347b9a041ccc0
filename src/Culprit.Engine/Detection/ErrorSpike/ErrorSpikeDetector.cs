using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorSpike;

/// <summary>More errors than usual, of an environment, a service or a pattern, over 10 s, 1 min or 5 min.</summary>
/// <remarks>
/// Compares the rate in the window with the rate in the quiet time before it (likelihood ratio of two Poisson rates, widened by the
/// observed clumping: a quasi-Poisson model), once per time and once per unit of the service's other traffic; both must be
/// unusual, so neither more load nor less of it is a spike. What comes in many steps, one after the other, is counted by steps as well, where it hardly clumps. A pattern never seen before is the case of a rate of nothing, and is believed to clump as the others do (empirical Bayes). Of one fault the narrowest scope speaks: while a pattern of a
/// service is above its limit, the service is not reported again. One environment's; not thread-safe.
/// </remarks>
internal sealed class ErrorSpikeDetector(string environment, ErrorSpikeOptions options)
{
    public const string Name = "error-spike";

    /// <summary>A service that does less than this per step has no traffic worth comparing with.</summary>
    private const double MinTrafficPerStep = 0.2;

    private readonly Dictionary<ErrorScopeKey, ErrorScope> _scopes = [];
    private readonly SortedSet<ErrorScopeKey> _changed = new(Comparer<ErrorScopeKey>.Create(NarrowFirst));
    private readonly Clumping[] _clumping = new Clumping[Enum.GetValues<ErrorScopeKind>().Length];
    private double _needed;

    public void Observe(ErrorScopeKind kind, string service, ulong pattern, long step, long count, RecordRef? sample)
    {
        var key = new ErrorScopeKey(kind, service, pattern);
        if (!_scopes.TryGetValue(key, out var scope))
        {
            if (_scopes.Count >= options.MaxScopes && kind == ErrorScopeKind.Pattern)
            {
                return;
            }

            scope = new ErrorScope { Kind = kind, Service = service, Pattern = pattern };
            _scopes.Add(key, scope);
        }

        scope.Add(step, count, sample);
        _changed.Add(key);
    }

    /// <summary>Judges the windows that end with the frame, of all scopes that changed within them.</summary>
    public IEnumerable<Anomaly> Judge(Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        _needed = frame.Sigma(_scopes.Count);
        foreach (var key in _changed)
        {
            var scope = _scopes[key];
            if (scope.Dirty < frame.End && Test(scope, frame, traffic) is { } spike)
            {
                // What all services say by themselves falls together now and then.
                var isSpread = scope.Kind != ErrorScopeKind.Environment
                    && scope.Counts.StepsAbove(spike.Usual.PerStep, spike.From, frame.End) >= options.AgreeingSteps;
                var isNew = scope.Alarm.Reach(frame.End, isSpread || spike.Sigma >= Frame.Certain * _needed);
                if (isNew && !HasOpenNarrower(scope))
                {
                    yield return ToAnomaly(scope, frame, spike);
                }
            }
        }
    }

    /// <summary>Sees how errors of each kind came together, up to the longest window: what was never seen before will do so, too.</summary>
    public void Learn(long end, QuietTime quiet)
    {
        Array.Clear(_clumping);
        var span = quiet.Before(end - Frame.Lengths[^1]);
        foreach (var scope in _scopes.Values)
        {
            ref var clumping = ref _clumping[(int)scope.Kind];
            clumping = clumping.PlusOther(scope.Counts.ClumpingIn(span, quiet.Since));
        }
    }

    /// <summary>All windows up to a step have been judged.</summary>
    /// <returns>Services with an open alarm, and when it was last beyond its limit.</returns>
    public void Settle(long end, Action<string, long> open)
    {
        foreach (var scope in _scopes.Values)
        {
            if (scope.Counts.Last < end)
            {
                scope.Dirty = long.MaxValue;
            }

            if (scope.Counts.Last < end - Frame.Lengths[^1])
            {
                _changed.Remove(scope.Key);
            }

            if (scope.Alarm.IsOpen)
            {
                scope.Alarm.Settle(end);
                open(scope.Service, scope.Alarm.LastReached);
            }
        }
    }

    public ErrorSpikeState ToState() => new(
        [.. _scopes.Values], _clumping);

    public void Restore(ErrorSpikeState state)
    {
        foreach (var scope in state.Scopes)
        {
            _scopes.Add(scope.Key, scope);
            _changed.Add(scope.Key);
        }

        state.Clumping.CopyTo(_clumping, 0);
    }

    private static int NarrowFirst(ErrorScopeKey a, ErrorScopeKey b)
    {
        var kind = b.Kind.CompareTo(a.Kind);
        var service = kind != 0 ? kind : string.CompareOrdinal(a.Service, b.Service);
        return service != 0 ? service : a.Pattern.CompareTo(b.Pattern);
    }

    private Spike? Test(ErrorScope scope, Frame frame, IReadOnlyDictionary<string, ServiceTraffic> traffic)
    {
        Spike? best = null;
        var service = traffic.GetValueOrDefault(scope.Service);
        var newsSince = scope.Alarm.NewsSince(frame.End);
        for (var i = 0; i < Frame.Lengths.Count; i++)
        {
            var from = Math.Max(frame.End - Frame.Lengths[i], newsSince);
            var length = frame.StepsSince(from);
            var count = scope.Counts.Between(from, frame.End);
            if (count < options.MinCount)
            {
                continue;
            }

            var since = Math.Max(frame.Since, service?.Since ?? frame.Since);
            var usual = scope.Counts.UsualIn(frame.Before(i), since, _clumping[(int)scope.Kind].Of(options.Clumping));
            if (usual.Steps * Steps.Seconds < options.MinHistory.TotalSeconds || count < options.MinRatio * usual.PerStep * length)
            {
                continue;
            }

            var sigma = Sigma(i, from, since, count, usual);
            var steps = sigma < _needed ? scope.Counts.StepsAbove(0, from, frame.End) : 0;
            if (steps >= options.MinCount)
            {
                // Errors that come one by one are no clump, so they need not be as many as if they were.
                sigma = Math.Max(sigma, Sigma(i, from, since, steps, scope.Counts.UsualIn(frame.Before(i), since, options.SpreadClumping)));
            }

            if (sigma >= _needed && !(sigma <= best?.Sigma)
                && (frame.IsWhole || scope.Counts.StepsAbove(Poisson.Limit(usual.PerStep, Frame.RareStep), from, frame.ShownBefore) > 0))
            {
                best = new Spike(from, length, count, usual, sigma);
            }
        }

        return best;

        double Sigma(int lengthIndex, long from, long since, long happened, Usual before)
        {
            var ofTime = LikelihoodRatio.OfRates(before.Count, before.Steps, happened, frame.StepsSince(from));
            var ofTraffic = service is null ? null : OfTraffic(service, scope, frame, lengthIndex, from, since, before, happened);
            return Math.Min(ofTime, ofTraffic ?? ofTime) / Math.Sqrt(before.Dispersion);
        }
    }

    private static double? OfTraffic(
        ServiceTraffic service, ErrorScope scope, Frame frame, int lengthIndex, long from, long since, Usual usual, long count)
    {
        var series = scope.Kind == ErrorScopeKind.Spans ? service.Spans : service.Calm;
        var before = series.UsualIn(frame, lengthIndex, since);
        if (before.PerStep < MinTrafficPerStep)
        {
            return null;
        }

        var now = series.Counts.Between(from, frame.End);
        return LikelihoodRatio.OfRates(usual.Count, before.Count, count, Math.Max(1, now));
    }

    private bool HasOpenNarrower(ErrorScope scope) =>
        scope.Kind != ErrorScopeKind.Pattern
        && _scopes.Values.Any(s => s.Kind > scope.Kind && s.Alarm.IsOpen
            && (scope.Kind == ErrorScopeKind.Environment || s.Service == scope.Service));

    private Anomaly ToAnomaly(ErrorScope scope, Frame frame, Spike spike)
    {
        var onset = Steps.Start(scope.Counts.Onset(spike.From, frame.End, spike.Usual.PerStep));
        var evidence = scope.Recent.Where(r => r.TimestampNanos >= onset && r.TimestampNanos < frame.EndNanos).ToList();
        var start = evidence.Count > 0 ? evidence[0].TimestampNanos : onset;
        var services = scope.Service.Length > 0
            ? [scope.Service]
            : evidence.GroupBy(r => r.Service).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key).ToList();
        var seconds = (int)Math.Round(spike.Length * Steps.Seconds);
        var what = scope.Kind == ErrorScopeKind.Spans ? "failed spans" : "errors";
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, $"{scope.Kind}:{scope.Service}:{scope.Pattern:x16}", Number(start / (60 * UnixNanos.PerSecond))),
            Type = AnomalyClassifier.Classify(evidence),
            Detector = Name,
            Environment = environment,
            Services = services,
            StartedAt = UnixNanos.ToTime(start),
            DetectedAt = UnixNanos.ToTime(frame.EndNanos),
            Window = TimeSpan.FromSeconds(seconds),
            ErrorCount = scope.Kind == ErrorScopeKind.Spans ? 0 : spike.Count,
            Expected = string.Create(CultureInfo.InvariantCulture,
                $"{spike.Usual.PerStep * spike.Length:0.##} {what} in {seconds} s (usual over {spike.Usual.Steps * Steps.Seconds / 60.0:0.#} min)"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{spike.Count} {Of(scope)} in {seconds} s: {spike.Sigma:0.0} standard deviations (likelihood ratio of two rates, clumping {spike.Usual.Dispersion:0.0}), {_needed:0.0} needed"),
            Evidence = evidence,
            Strength = spike.Sigma,
        };
    }

    private static string Of(ErrorScope scope) => scope.Kind switch
    {
        ErrorScopeKind.Environment => "errors of all services",
        ErrorScopeKind.Service => "errors of " + scope.Service,
        ErrorScopeKind.Spans => "failed spans of " + scope.Service,
        ErrorScopeKind.Pattern => "errors of one pattern of " + scope.Service,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown scope {scope.Kind}."),
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Spike(long From, double Length, long Count, Usual Usual, double Sigma);
}

/// <summary>An <see cref="ErrorSpikeDetector"/> at rest.</summary>
internal sealed record ErrorSpikeState(
    IReadOnlyList<ErrorScope> Scopes, Clumping[] Clumping);
