using Culprit.Engine.Detection.Decline;
using Culprit.Engine.Detection.ErrorSpike;
using Culprit.Engine.Detection.FlowBreak;
using Culprit.Engine.Detection.Growth;
using Culprit.Engine.Detection.LatencyShift;
using Culprit.Engine.Detection.MetricLevel;
using Culprit.Engine.Detection.PatternShift;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Detection.Silence;
using Culprit.Engine.Detection.Surge;
using Culprit.Engine.Detection.TraceShift;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>The detectors of one environment that know what is usual: what they are fed, and when they judge.</summary>
/// <remarks>
/// Time is counted in steps of event time. A step is judged once the watermark (tick - 2 s) has passed its end, and what
/// comes later still, up to the lateness, makes the windows that hold it be judged again. Where a batch ends changes nothing.
/// </remarks>
/// <param name="flowLag">How long after its end a session is counted.</param>
internal sealed class DetectorSet(string environment, DetectorOptions options, TimeSpan lateness, TimeSpan flowLag = default)
{
    private const long WatermarkNanos = 2 * UnixNanos.PerSecond;

    /// <summary>As many as the pipeline tells apart, and the environment as a whole.</summary>
    private const int MaxServices = 1002;

    /// <summary>Less is the way of the day; it makes little slower.</summary>
    private const double MinDemand = 1.25;

    /// <summary>Standard deviations beyond which more is asked for, and not by chance; of single events, because bursts are what is looked for.</summary>
    private const double DemandSigma = 4;

    /// <summary>Beyond this it is a fault of whoever asks, or of what cannot stand it.</summary>
    private const double MaxDemand = 3;

    private const int RecoverySteps = Steps.PerMinute / 2;

    /// <summary>Longer than what is usual reaches back: after so much silence nothing is left to compare with, and what needs new points waits for them.</summary>
    private const int MaxGapSteps = 3 * 60 * Steps.PerMinute;

    private readonly ErrorSpikeDetector _errors = new(environment, options.ErrorSpike);
    private readonly LatencyShiftDetector _latency = new(environment, options.LatencyShift);
    private readonly MetricLevelDetector _levels = new(environment, options.MetricLevel);
    private readonly GrowthDetector _growth = new(environment, options.Growth);
    private readonly SilenceDetector _silence = new(environment, options.Silence, lateness);
    private readonly DeclineDetector _declines = new(environment, options.Decline, lateness);
    private readonly SurgeDetector _surges = new(environment, options.Surge);
    private readonly PatternShiftDetector _patterns = new(environment, options.PatternShift);
    private readonly TraceShiftDetector _traces = new(environment, options.TraceShift);
    private readonly FlowBreakDetector _flows = new(environment, options.FlowBreak);
    private readonly SortedDictionary<string, ServiceTraffic> _traffic = new(StringComparer.Ordinal);
    private readonly QuietTime _quiet = new();
    private readonly long _flowSteps = (UnixNanos.From(flowLag) + Steps.Nanos - 1) / Steps.Nanos;
    private readonly long _lateSteps = UnixNanos.From(lateness) / Steps.Nanos;
    private long _judged = -1;
    private long _dirty = long.MaxValue;
    private bool _isEnded;

    /// <summary>From so much history on, most rhythms are known. Strong evidence speaks before.</summary>
    public const long BaselineSeconds = 10 * 60;

    /// <summary>Seconds of history that there are.</summary>
    public long LearnedSeconds => _quiet.Since < 0 ? 0 : Steps.Seconds * Math.Max(0, _judged - _quiet.Since);

    public void Observe(ServiceDigest digest)
    {
        var step = Steps.OfSecond(digest.Second);
        Traffic(digest.Service, step)?.Add(step, digest);
        Traffic(string.Empty, step)?.Add(step, digest);
        Touch(step);
        foreach (var quiet in digest.Quiet)
        {
            _patterns.Observe(digest.Service, quiet.Pattern.Value, step, quiet.Count, null);
        }

        foreach (var warning in digest.Patterns.Where(p => !p.Severity.IsError()))
        {
            _patterns.Observe(digest.Service, warning.Pattern.Value, step, warning.Count, warning.Sample);
            if (warning.Severity == Severity.Warn && AnomalyClassifier.SaysThatItFailed(warning.Sample))
            {
                _errors.Observe(ErrorScopeKind.Pattern, digest.Service, warning.Pattern.Value, step, warning.Count, warning.Sample);
            }
        }

        if (digest.Errors > 0)
        {
            RecordRef? sample = null;
            foreach (var pattern in digest.Patterns.Where(p => p.Severity.IsError()))
            {
                sample ??= pattern.Sample;
                _errors.Observe(ErrorScopeKind.Pattern, digest.Service, pattern.Pattern.Value, step, pattern.Count, pattern.Sample);
                _errors.Observe(ErrorScopeKind.Service, digest.Service, 0, step, pattern.Count, pattern.Sample);
                _errors.Observe(ErrorScopeKind.Environment, string.Empty, 0, step, pattern.Count, pattern.Sample);
            }

            var unnamed = digest.Errors - digest.Patterns.Where(p => p.Severity.IsError()).Sum(p => p.Count);
            if (unnamed > 0)
            {
                _errors.Observe(ErrorScopeKind.Service, digest.Service, 0, step, unnamed, null);
                _errors.Observe(ErrorScopeKind.Environment, string.Empty, 0, step, unnamed, null);
            }
        }

        foreach (var duration in digest.Durations)
        {
            _latency.Observe(digest.Service, "pattern " + duration.Pattern, step, duration.Nanos, trace: 0, isRoot: false);
        }
    }

    /// <summary>Takes a span at the time of its end, which is when it can be known.</summary>
    /// <param name="trace">Hash of its trace; 0 when there is none.</param>
    public void Observe(string service, string operation, long startNanos, in SpanFields span, ulong trace)
    {
        var (durationNanos, isError) = (span.DurationNanos, span.IsError);
        var step = Steps.OfNanos(startNanos + (long)durationNanos);
        Traffic(service, step)?.AddSpan(step);
        Traffic(string.Empty, step)?.AddSpan(step);
        Touch(step);
        if (isError)
        {
            _errors.Observe(ErrorScopeKind.Spans, service, 0, step, 1, null);
        }

        if (durationNanos > 0)
        {
            _latency.Observe(service, operation, step, durationNanos, trace, span.ParentId.IsEmpty);
        }
    }

    public void Observe(string service, string metric, long timeNanos, double value) => _levels.Observe(service, metric, timeNanos, value);

    /// <summary>Takes how sessions went that ended.</summary>
    public void Observe(FlowCount count) => _flows.Observe(count);

    /// <summary>Judges every step that can be judged by now; anomalies in the order in which they became visible.</summary>
    /// <param name="signs">What the traces that began between two times say; null when there are none.</param>
    /// <param name="isWarming">Services that are slow because they were just deployed, or wait for such: their latency is not judged; null when there are none.</param>
    public IReadOnlyList<Anomaly> Judge(
        long tickNanos, Func<long, long, IReadOnlyList<TraceSign>>? signs = null, Predicate<string>? isWarming = null)
    {
        var end = Steps.OfNanos(tickNanos - WatermarkNanos);
        if (_quiet.Since < 0 || end <= _judged)
        {
            return [];
        }

        var late = _dirty < _judged ? Math.Max(_dirty + 1, end - _lateSteps) : long.MaxValue;
        var first = _judged < 0 ? end : Math.Min(_judged + 1, late);
        var found = new List<Anomaly>();
        for (var step = first; step <= end; step++)
        {
            if (step == first + MaxGapSteps)
            {
                // A server that was away for a month, a clock that jumped: the middle of the gap is not judged.
                step = Math.Max(step, end - MaxGapSteps);
            }

            var frame = new Frame(step, _quiet);
            bool IsWarming(string service) => isWarming is not null && isWarming(service);
            double Load(string service) => LoadFactor(service, frame);
            found.AddRange(_errors.Judge(frame, _traffic)
                .Concat(_latency.Judge(frame, _quiet, Demand(frame), IsWarming))
                .Concat(_growth.Judge(frame, _levels.Series, Load))
                .Concat(_levels.Judge(frame, _quiet, Load, s => IsWarming(s) || _latency.HasRoots || _latency.Knows(s) || IsIdle(s, frame)))
                .Concat(_isEnded ? [] : _silence.Judge(frame, _traffic))
                .Concat(_isEnded ? [] : _declines.Judge(frame, _traffic))
                .Concat(_surges.Judge(frame, _traffic))
                .Concat(_patterns.Judge(frame, _traffic))
                .Concat(signs is null || step <= _judged ? [] : _traces.Judge(frame, _traffic.Count, s => !_quiet.IsExcluded(s), signs))
                .Concat(step <= _judged ? [] : _flows.Judge(new Frame(step - _flowSteps, _quiet), step))
                .OrderBy(a => a.StartedAt).ThenByDescending(a => a.Strength).ThenBy(a => a.Id, StringComparer.Ordinal));
        }

        _judged = end;
        _dirty = long.MaxValue;
        return found;
    }

    /// <summary>No record will come any more: from now on nobody is missed.</summary>
    public void EndInput() => _isEnded = true;

    /// <summary>After judging: what has calmed down is closed, what has aged becomes usual.</summary>
    /// <param name="open">Told of each service with an open alarm ("" for the environment), and of the nanosecond at which it was last beyond its limit.</param>
    public void Settle(Action<string, long> open)
    {
        if (_judged < 0)
        {
            return;
        }

        void Open(string service, long step) => open(service, Steps.Start(step));
        _errors.Settle(_judged, Open);
        _latency.Settle(_judged, _quiet, Open);
        _levels.Settle(_judged, Open);
        _growth.Settle(_judged, Open);
        _silence.Settle(_judged, Open);
        _declines.Settle(_judged, Open);
        _surges.Settle(_judged, Open);
        _patterns.Settle(_judged, Open);
        _traces.Settle(_judged, Open);
        _flows.Settle(_judged - _flowSteps, Open);
    }

    /// <summary>A time that belongs to an incident is no baseline.</summary>
    public void Exclude(long fromNanos, long toNanos) => _quiet.Exclude(Steps.OfNanos(fromNanos), Steps.OfNanos(toNanos) + 1);

    public DetectorSetState ToState() => new(
        _judged, _dirty, _quiet, [.. _traffic.Values], _errors.ToState(), _latency.ToState(), _levels.ToState(),
        _growth.ToState(), _silence.ToState(), _declines.ToState(), _surges.ToState(), _patterns.ToState(), _traces.ToState(), _flows.ToState());

    public void Restore(DetectorSetState state)
    {
        _judged = state.Judged;
        _dirty = state.Dirty;
        _quiet.Since = state.Quiet.Since;
        _quiet.Excluded.AddRange(state.Quiet.Excluded);
        foreach (var traffic in state.Traffic)
        {
            _traffic.Add(traffic.Service, traffic);
        }

        _errors.Restore(state.Errors);
        _latency.Restore(state.Latency);
        _levels.Restore(state.Levels);
        _growth.Restore(state.Growth);
        _silence.Restore(state.Silence);
        _declines.Restore(state.Declines);
        _surges.Restore(state.Surges);
        _patterns.Restore(state.Patterns);
        _traces.Restore(state.Traces);
        _flows.Restore(state.Flows);
    }

    /// <summary>How many times as much a service does as usual, over the last minute; 1 when that is not known.</summary>
    private double LoadFactor(string service, Frame frame)
    {
        if (!_traffic.TryGetValue(service, out var traffic))
        {
            return 1;
        }

        var length = Frame.Lengths[Frame.Minute];
        var usual = traffic.All.UsualIn(frame, Frame.Minute, Math.Max(frame.Since, traffic.Since)).PerStep * length;
        return usual >= 1 ? traffic.All.Counts.Between(frame.End - length, frame.End) / usual : 1;
    }

    /// <summary>How many times as much the environment did as usual at the busiest moment of each of the frame's windows; 1 unless it is clearly more.</summary>
    /// <remarks>
    /// By its records below WARN, because retries and failures make others; without any by its spans. A moment is 10 s, 25 s or 1 min. What slowed down
    /// under load needs a while to recover, so half a minute before the window counts as well.
    /// </remarks>
    private double[] Demand(Frame frame)
    {
        var demand = new double[Frame.Lengths.Count];
        Array.Fill(demand, 1);
        if (!_traffic.TryGetValue(string.Empty, out var all))
        {
            return demand;
        }

        var traffic = all.Calm.Counts.Last >= 0 ? all.Calm : all.Spans;
        for (var i = 0; i < demand.Length; i++)
        {
            var usual = traffic.UsualIn(frame, i, Math.Max(frame.Since, all.Since));
            for (var end = frame.End; end > frame.End - Frame.Lengths[i] - RecoverySteps; end -= Frame.Lengths[0])
            {
                for (var moment = 0; moment <= Frame.Minute; moment++)
                {
                    var length = Frame.Lengths[moment];
                    var now = traffic.Counts.Between(end - length, end);
                    if (now >= MinDemand * usual.PerStep * length
                        && LikelihoodRatio.OfRates(usual.Count, usual.Steps, now, length) >= DemandSigma)
                    {
                        demand[i] = Math.Max(demand[i], now / (usual.PerStep * length));
                    }
                }
            }

            demand[i] = Math.Min(demand[i], MaxDemand);
        }

        return demand;
    }

    /// <summary>A latency of nobody's requests means nothing.</summary>
    private bool IsIdle(string service, Frame frame) => !_traffic.TryGetValue(service, out var traffic)
        || traffic.All.Counts.Between(frame.End - Frame.Lengths[^1], frame.End) == 0;

    private ServiceTraffic? Traffic(string service, long step)
    {
        if (!_traffic.TryGetValue(service, out var traffic) && _traffic.Count < MaxServices)
        {
            traffic = new ServiceTraffic { Service = service, Since = step };
            _traffic.Add(service, traffic);
        }

        if (traffic is not null)
        {
            traffic.Since = Math.Min(traffic.Since, Math.Max(step, traffic.Since - _lateSteps));
        }

        return traffic;
    }

    private void Touch(long step)
    {
        _quiet.Since = _quiet.Since < 0 ? step : Math.Min(_quiet.Since, Math.Max(step, _quiet.Since - _lateSteps));
        if (step < _judged)
        {
            _dirty = Math.Min(_dirty, step);
        }
    }
}

/// <summary>A <see cref="DetectorSet"/> at rest.</summary>
internal sealed record DetectorSetState(
    long Judged,
    long Dirty,
    QuietTime Quiet,
    IReadOnlyList<ServiceTraffic> Traffic,
    IReadOnlyList<ErrorScope> Errors,
    LatencyState Latency,
    MetricLevelState Levels,
    IReadOnlyDictionary<string, long> Growth,
    IReadOnlyDictionary<string, Alarm> Silence,
    IReadOnlyDictionary<string, Alarm> Declines,
    IReadOnlyDictionary<string, Alarm> Surges,
    IReadOnlyList<PatternSeries> Patterns,
    TraceShiftState Traces,
    IReadOnlyList<FlowSeries> Flows);
