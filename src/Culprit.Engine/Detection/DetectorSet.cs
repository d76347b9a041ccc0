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
/// Time is counted in steps of event time. A step is judged once the watermark (tick - 2 s) has passed its end, for errors and latency also
/// each second of it in which something came: calls that fail need not wait for the end of a step. What comes later still, up to the
/// lateness, makes the whole steps that hold it be judged again with the next step. Where a batch ends changes nothing.
/// </remarks>
/// <param name="flowLag">How long after its end a session is counted.</param>
internal sealed class DetectorSet(string environment, DetectorOptions options, TimeSpan lateness, TimeSpan flowLag = default)
{
    private const long WatermarkNanos = 2 * UnixNanos.PerSecond;

    /// <summary>As many as the pipeline tells apart, and the environment as a whole.</summary>
    private const int MaxServices = 1002;

    /// <summary>Longer than what is usual reaches back: after so much silence nothing is left to compare with, and what needs new points waits for them.</summary>
    private const int MaxGapSeconds = 3 * 60 * 60;

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
    private readonly ComingSeconds _coming = new();
    private readonly long _flowSteps = (UnixNanos.From(flowLag) + Steps.Nanos - 1) / Steps.Nanos;
    private readonly long _lateSteps = UnixNanos.From(lateness) / Steps.Nanos;

    /// <summary>All seconds before it are judged; -1 before the first.</summary>
    private long _judged = -1;

    /// <summary>The earliest judged step that changed afterwards.</summary>
    private long _dirty = long.MaxValue;
    private bool _hasNews;
    private bool _isEnded;

    /// <summary>From so much history on, most rhythms are known. Strong evidence speaks before.</summary>
    public const long BaselineSeconds = 10 * 60;

    /// <summary>Seconds of history that there are.</summary>
    public long LearnedSeconds => _quiet.Since < 0 ? 0 : Math.Max(0, _judged - (Steps.Seconds * _quiet.Since));

    /// <summary>Whole steps, numbered from the Unix epoch, that are judged.</summary>
    private long JudgedSteps => _judged < 0 ? -1 : Steps.OfSecond(_judged);

    public void Observe(ServiceDigest digest)
    {
        if (_coming.Of(digest.Second, _judged) is { } coming)
        {
            coming.Digests.Add(digest);
        }
        else
        {
            Count(digest);
        }
    }

    /// <summary>Takes a span at the time of its end, which is when it can be known.</summary>
    /// <param name="trace">Hash of its trace; 0 when there is none.</param>
    public void Observe(string service, string operation, long startNanos, in SpanFields span, ulong trace)
    {
        var second = (startNanos + (long)span.DurationNanos) / UnixNanos.PerSecond;
        var ended = new EndedSpan(service, operation, second, span.DurationNanos, span.IsError, span.ParentId.IsEmpty, trace);
        if (_coming.Of(second, _judged) is { } coming)
        {
            coming.Spans.Add(ended);
        }
        else
        {
            Count(ended);
        }
    }

    public void Observe(string service, string metric, long timeNanos, double value) => _levels.Observe(service, metric, timeNanos, value);

    /// <summary>Takes how sessions went that ended.</summary>
    public void Observe(FlowCount count) => _flows.Observe(count);

    /// <summary>Judges what can be judged by now; anomalies in the order in which they became visible.</summary>
    /// <param name="signs">What the traces that began between two times say; null when there are none.</param>
    /// <param name="isWarming">Services that are slow because they were just deployed, or wait for such: their latency is not judged; null when there are none.</param>
    public IReadOnlyList<Anomaly> Judge(
        long tickNanos, Func<long, long, IReadOnlyList<TraceSign>>? signs = null, Predicate<string>? isWarming = null)
    {
        var until = (tickNanos - WatermarkNanos) / UnixNanos.PerSecond;
        var found = new List<Anomaly>();
        if (until <= _judged)
        {
            return found;
        }

        bool IsWarming(string service) => isWarming is not null && isWarming(service);
        var first = _judged < 0 ? until : _judged + 1;
        for (var second = first; second <= until; second++)
        {
            if (second == first + MaxGapSeconds)
            {
                // A server that was away for a month, a clock that jumped: the middle of the gap is not judged.
                second = Math.Max(second, until - MaxGapSeconds);
            }

            while (_coming.TakeBefore(second) is { } coming)
            {
                coming.Digests.ForEach(Count);
                coming.Spans.ForEach(s => Count(s));
            }

            if (_quiet.Since < 0)
            {
                continue;
            }

            if (second % Steps.Seconds == 0)
            {
                var step = Steps.OfSecond(second);
                for (var late = Math.Max(Math.Min(_dirty, step) + 1, step - _lateSteps); late < step; late++)
                {
                    found.AddRange(JudgeStep(new Frame(late, _quiet), isAgain: true, signs, IsWarming));
                }

                _dirty = long.MaxValue;
                found.AddRange(JudgeStep(new Frame(step, _quiet), isAgain: false, signs, IsWarming));
                if (step % Steps.PerMinute == 0)
                {
                    _errors.Learn(step, _quiet);
                    _latency.Learn(step, _quiet);
                }
            }
            else if (_hasNews)
            {
                found.AddRange(JudgeSecond(new Frame(Steps.OfSecond(second) + 1, _quiet, missing: Steps.Seconds - (int)(second % Steps.Seconds)), IsWarming));
            }

            _hasNews = false;
        }

        _judged = _quiet.Since < 0 ? -1 : until;
        return found;
    }

    /// <summary>No record will come any more: from now on nobody is missed.</summary>
    public void EndInput() => _isEnded = true;

    /// <summary>After judging: what has calmed down is closed.</summary>
    /// <param name="open">Told of each service with an open alarm ("" for the environment), and of the nanosecond at which it was last beyond its limit.</param>
    public void Settle(Action<string, long> open)
    {
        if (_judged < 0)
        {
            return;
        }

        void Open(string service, long step) => open(service, Steps.Start(step));
        var end = JudgedSteps;
        _errors.Settle(end, Open);
        _latency.Settle(end, Open);
        _levels.Settle(end, Open);
        _growth.Settle(end, Open);
        _silence.Settle(end, Open);
        _declines.Settle(end, Open);
        _surges.Settle(end, Open);
        _patterns.Settle(end, Open);
        _traces.Settle(end, Open);
        _flows.Settle(end - _flowSteps, Open);
    }

    /// <summary>A time that belongs to an incident is no baseline.</summary>
    public void Exclude(long fromNanos, long toNanos) => _quiet.Exclude(Steps.OfNanos(fromNanos), Steps.OfNanos(toNanos) + 1);

    public DetectorSetState ToState() => new(
        _judged, _dirty, _hasNews, _quiet, _coming.ToState(), [.. _traffic.Values], _errors.ToState(), _latency.ToState(), _levels.ToState(),
        _growth.ToState(), _silence.ToState(), _declines.ToState(), _surges.ToState(), _patterns.ToState(), _traces.ToState(), _flows.ToState());

    public void Restore(DetectorSetState state)
    {
        _judged = state.Judged;
        _dirty = state.Dirty;
        _hasNews = state.HasNews;
        _coming.Restore(state.Coming);
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

    /// <param name="isAgain">Something came late.</param>
    private IEnumerable<Anomaly> JudgeStep(
        Frame frame, bool isAgain, Func<long, long, IReadOnlyList<TraceSign>>? signs, Predicate<string> isWarming)
    {
        double Load(string service) => Demand.Of(service, _traffic, frame);
        return InOrder(_errors.Judge(frame, _traffic)
            .Concat(_latency.Judge(frame, _quiet, Demand.OfWindows(_traffic, frame), isWarming))
            .Concat(_growth.Judge(frame, _levels.Series, Load))
            .Concat(_levels.Judge(frame, _quiet, Load, s => isWarming(s) || _latency.HasRoots || _latency.Knows(s) || IsIdle(s, frame)))
            .Concat(_isEnded ? [] : _silence.Judge(frame, _traffic))
            .Concat(_isEnded ? [] : _declines.Judge(frame, _traffic))
            .Concat(_surges.Judge(frame, _traffic))
            .Concat(_patterns.Judge(frame, _traffic))
            .Concat(signs is null || isAgain ? [] : _traces.Judge(frame, _traffic.Count, s => !_quiet.IsExcluded(s), signs))
            .Concat(isAgain ? [] : _flows.Judge(new Frame(frame.End - _flowSteps, _quiet), frame.End)));
    }

    /// <summary>Judges a step that is not over.</summary>
    private IEnumerable<Anomaly> JudgeSecond(Frame frame, Predicate<string> isWarming) =>
        InOrder(_errors.Judge(frame, _traffic).Concat(_latency.Judge(frame, _quiet, Demand.OfWindows(_traffic, frame), isWarming)));

    private static IEnumerable<Anomaly> InOrder(IEnumerable<Anomaly> found) =>
        found.OrderBy(a => a.StartedAt).ThenByDescending(a => a.Strength).ThenBy(a => a.Id, StringComparer.Ordinal);

    private void Count(ServiceDigest digest)
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

    private void Count(in EndedSpan span)
    {
        var step = Steps.OfSecond(span.Second);
        Traffic(span.Service, step)?.AddSpan(step);
        Traffic(string.Empty, step)?.AddSpan(step);
        Touch(step);
        if (span.IsError)
        {
            _errors.Observe(ErrorScopeKind.Spans, span.Service, 0, step, 1, null);
        }

        if (span.DurationNanos > 0)
        {
            _latency.Observe(span.Service, span.Operation, step, span.DurationNanos, span.Trace, span.IsRoot);
        }
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
        _hasNews = true;
        if (step < JudgedSteps)
        {
            _dirty = Math.Min(_dirty, step);
        }
    }
}

/// <summary>A <see cref="DetectorSet"/> at rest.</summary>
internal sealed record DetectorSetState(
    long Judged,
    long Dirty,
    bool HasNews,
    QuietTime Quiet,
    IReadOnlyList<ComingSecond> Coming,
    IReadOnlyList<ServiceTraffic> Traffic,
    ErrorSpikeState Errors,
    LatencyState Latency,
    MetricLevelState Levels,
    IReadOnlyDictionary<string, long> Growth,
    IReadOnlyDictionary<string, Alarm> Silence,
    IReadOnlyDictionary<string, Alarm> Declines,
    IReadOnlyDictionary<string, Alarm> Surges,
    IReadOnlyList<PatternSeries> Patterns,
    TraceShiftState Traces,
    IReadOnlyList<FlowSeries> Flows);
