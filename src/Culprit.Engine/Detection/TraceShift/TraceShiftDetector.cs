using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.TraceShift;

/// <summary>Requests that do something else than before: fail, break off, lose steps or take longer on the way to a service.</summary>
/// <remarks>
/// Every ten seconds the traces of the last 45 s are held against all before, operation by operation, and every twenty those of the last two minutes,
/// which show what is rare. The signs of one service are added with diminishing weight (10 ln(1 + score / 10) each), because kinds of evidence that
/// agree are worth more than one that is loud, and must be rare for the service itself (<see cref="ScorePast"/>). Another look within 20 s must
/// agree on the service, to three quarters of what is needed, or one be twice as clear. One environment's; not thread-safe.
/// </remarks>
internal sealed class TraceShiftDetector(string environment, TraceShiftOptions options)
{
    public const string Name = "trace-shift";

    /// <summary>Steps between two looks, which read every trace that is kept.</summary>
    private const int EverySteps = 2;

    private const int MaxServices = 5;

    /// <summary>What one or two requests show, in however many ways, is an anecdote.</summary>
    private const int MinRequests = 3;

    /// <summary>A look is learned from when it is five minutes old: by then it is known whether it was the beginning of something that lasts.</summary>
    private const int LearnAfterSteps = 5 * Steps.PerMinute;

    private readonly AlarmTable _alarms = new();
    private readonly Dictionary<string, ScorePast> _past = new(StringComparer.Ordinal);
    private readonly long[] _looks = new long[options.Windows.Count];
    private readonly List<PendingLook> _pending = [];

    /// <summary>When a look last found a service at least near its limit.</summary>
    private readonly SortedDictionary<string, long> _near = new(StringComparer.Ordinal);

    /// <summary>When a look last found a service beyond its limit.</summary>
    private readonly SortedDictionary<string, long> _clear = new(StringComparer.Ordinal);

    /// <param name="isQuiet">Whether a step belongs to no incident, so that its scores are those of chance.</param>
    /// <param name="signs">Signs of the traces that began between two times.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, int services, Func<long, bool> isQuiet, Func<long, long, IReadOnlyList<TraceSign>> signs)
    {
        if (frame.End % EverySteps != 0)
        {
            yield break;
        }

        Learn(frame.End - LearnAfterSteps, isQuiet);

        var look = options.Windows
            .Select((_, i) => i == 0 || frame.End % (2 * EverySteps) == 0 ? Look(frame, i, services, signs) : null)
            .OfType<Strong>()
            .MaxBy(l => l.Services[0].Clarity);
        if (look is null)
        {
            yield break;
        }

        // Of two looks, one is beyond the limit, and the other at least near it.
        var top = look.Services[0];
        var isSecond = look.Services.Exists(s => IsRecent(s.Clarity >= 1 ? _near : _clear, s.Service, frame.End)
            && (s == top || (top.Clarity >= 1 && s.Clarity >= 1)));
        foreach (var service in look.Services)
        {
            _near[service.Service] = frame.End;
            if (service.Clarity >= 1)
            {
                _clear[service.Service] = frame.End;
            }
        }

        if (!isSecond && top.Clarity < 2)
        {
            yield break;
        }

        var isNew = false;
        foreach (var strong in look.Services.Where(s => s == top || s.Clarity >= 1))
        {
            // What was felt by a service before is no news when it leads later.
            isNew |= _alarms.Of(strong.Service).Reach(frame.End, isCertain: true) && strong == top;
        }

        if (isNew)
        {
            yield return ToAnomaly(frame, look);
        }
    }

    /// <returns>Services that are still beyond their limit, and when they last were; others' incidents may end.</returns>
    public void Settle(long end, Action<string, long> open) => _alarms.Settle(end, open);

    public TraceShiftState ToState() => new(_alarms.ToState(), _near, _clear, _past, _looks, _pending);

    public void Restore(TraceShiftState state)
    {
        _alarms.Restore(state.Alarms);
        foreach (var (service, past) in state.Past)
        {
            _past.Add(service, past);
        }

        state.Looks.CopyTo(_looks, 0);
        _pending.AddRange(state.Pending);
        foreach (var (service, at) in state.Near)
        {
            _near.Add(service, at);
        }

        foreach (var (service, at) in state.Clear)
        {
            _clear.Add(service, at);
        }
    }

    private Strong? Look(Frame frame, int windowIndex, int services, Func<long, long, IReadOnlyList<TraceSign>> signs)
    {
        var window = options.Windows[windowIndex];
        var from = frame.End - (long)(window.TotalSeconds / Steps.Seconds);
        if ((from - frame.Since) * Steps.Seconds < options.MinHistory.TotalSeconds)
        {
            return null;
        }

        var needed = frame.Sigma(services);
        var ranked = signs(Steps.Start(from), Steps.Start(frame.End))
            .GroupBy(s => s.Service, StringComparer.Ordinal)
            .Where(g => g.Any(s => s.Requests >= MinRequests))
            .Select(g => new Shifted(g.Key, g.Sum(s => s.Weight * 10 * Math.Log(1 + (Math.Max(0, s.Score) / 10))), [.. g]))
            .OrderByDescending(s => s.Score).ThenBy(s => s.Service, StringComparer.Ordinal).ToList();
        foreach (var shifted in ranked)
        {
            var rare = PastOf(windowIndex, shifted.Service).Limit(AlarmBudget.Chance(needed), _looks[windowIndex]);
            shifted.Needed = Math.Max(options.Part * needed, rare);
        }

        _pending.Add(new PendingLook(frame.End, windowIndex, ranked.ToDictionary(r => r.Service, r => r.Score, StringComparer.Ordinal)));
        var near = ranked.Where(s => s.Clarity >= options.Agreeing).OrderByDescending(s => s.Clarity >= 1).ToList(); // Keeps the order of the scores.
        return near.Count == 0 ? null : new Strong(from, window, [.. near.Where(s => s.Score >= near[0].Score / 2).Take(MaxServices)]);
    }

    private static bool IsRecent(SortedDictionary<string, long> looks, string service, long end) =>
        looks.TryGetValue(service, out var at) && end - at <= 2 * EverySteps;

    private void Learn(long upTo, Func<long, bool> isQuiet)
    {
        foreach (var look in _pending.Where(l => l.End <= upTo && isQuiet(l.End - 1)))
        {
            foreach (var (service, score) in look.Scores)
            {
                PastOf(look.Window, service).Add(score, _looks[look.Window]);
            }

            _looks[look.Window]++;
        }

        _pending.RemoveAll(l => l.End <= upTo);
    }

    private ScorePast PastOf(int windowIndex, string service)
    {
        var key = windowIndex.ToString(CultureInfo.InvariantCulture) + service;
        if (!_past.TryGetValue(key, out var past))
        {
            past = new ScorePast();
            _past.Add(key, past);
        }

        return past;
    }

    private Anomaly ToAnomaly(Frame frame, Strong look)
    {
        var shifted = look.Services[0];
        var top = shifted.Signs.OrderByDescending(s => s.Weight * s.Score).Take(3).ToList();
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, shifted.Service, (frame.End / Steps.PerMinute).ToString(CultureInfo.InvariantCulture)),
            Type = top[0].IsTime ? AnomalyType.LatencySpike : top[0].IsLeftOut ? AnomalyType.Unknown : AnomalyType.ErrorSpike,
            Detector = Name,
            Environment = environment,
            Services = [.. look.Services.Where(s => s == shifted || s.Clarity >= 1).Select(s => s.Service)],
            StartedAt = UnixNanos.ToTime(Steps.Start(look.From)),
            DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
            Window = look.Window,
            ErrorCount = 0,
            Expected = "requests that do, operation by operation, what they did before",
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{shifted.Service}: {string.Join("; ", top.Select(s => s.Text))} (score {shifted.Score:0.0}, {shifted.Needed:0.0} needed)"),
            Evidence = [],
            Strength = shifted.Score,
        };
    }

    /// <summary>What one service's traces say together.</summary>
    private sealed record Shifted(string Service, double Score, List<TraceSign> Signs)
    {
        public double Needed { get; set; }

        /// <summary>From 1 on it is beyond the limit.</summary>
        public double Clarity => Score / Needed;
    }

    /// <summary>The services beyond the limit or near it in one window, those with the highest score first.</summary>
    private sealed record Strong(long From, TimeSpan Window, List<Shifted> Services);
}

/// <summary>A <see cref="TraceShiftDetector"/> at rest.</summary>
internal sealed record TraceShiftState(
    IReadOnlyDictionary<string, Alarm> Alarms, IReadOnlyDictionary<string, long> Near, IReadOnlyDictionary<string, long> Clear,
    IReadOnlyDictionary<string, ScorePast> Past, long[] Looks,
    IReadOnlyList<PendingLook> Pending);

/// <summary>What services scored in a look that is not learned from yet.</summary>
/// <param name="End">The step that it ended with.</param>
/// <param name="Window">Index of its window.</param>
internal sealed record PendingLook(long End, int Window, IReadOnlyDictionary<string, double> Scores);
