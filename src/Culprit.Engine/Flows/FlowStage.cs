using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Follows requests and jobs by their ids, learns how they usually go, and says which go differently.</summary>
/// <remarks>
/// One belongs to one environment; not thread-safe. Records are taken in the order of their times, up to
/// <see cref="FlowOptions.Lateness"/> behind, so neither the order of arrival nor the borders of batches matter. A
/// verdict is provisional: all remembered sessions are judged again as more is known.
/// </remarks>
/// <param name="text">Display text of a pattern of a service.</param>
/// <param name="left">Told the last verdict of each session that is forgotten.</param>
internal sealed partial class FlowStage(FlowOptions options, Func<string, PatternId, string> text, Action<FlowVerdict>? left = null)
{
    private const int FirstJudgements = 500;
    private const double JudgementGrowth = 1.2;

    private readonly FlowKeys _keys = new();
    private readonly FlowSampler _sampler = new(options.MaxNewPerSecond);
    private readonly FlowStepTable _steps = new();
    private readonly Dictionary<ulong, FlowSession> _sessions = [];
    private readonly Dictionary<(string Key, int Entry), FlowKind> _kinds = [];
    private readonly Dictionary<string, (long Sessions, long Flows)> _names = new(StringComparer.Ordinal);
    private readonly PriorityQueue<FlowEvent, (long Time, long Arrival)> _waiting = new();
    private readonly PriorityQueue<(FlowSession Session, ulong Hash), (long Due, ulong Hash)> _due = new();
    private readonly Queue<ulong> _ended = new();
    private readonly List<FlowFinding> _findings = [];
    private long _arrival;
    private long _nowNanos = long.MinValue;
    private long _endings;
    private long _judgeAt = FirstJudgements;

    /// <summary>Records that were not followed because there was no room for their session, kind or step.</summary>
    public long Unfollowed { get; private set; }

    /// <summary>Records that were not followed because their id is not in the sample.</summary>
    public long SampledOut { get; private set; }

    /// <summary>Records taken before others that may have come first, because too many were waiting.</summary>
    public long TakenEarly { get; private set; }

    /// <summary>Sessions forgotten to make room; their last verdict was handed over.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Takes a log record.</summary>
    /// <param name="service">The record's service.</param>
    /// <param name="pattern">As known at this time.</param>
    public void Observe(in LogRecord record, string service, PatternId pattern, long timeNanos)
    {
        foreach (ref readonly var key in _keys.Find(record, pattern))
        {
            if (!_sessions.TryGetValue(key.Hash, out var session))
            {
                if (!_sampler.Takes(key.Hash))
                {
                    SampledOut++;
                    continue;
                }

                if (!MakeRoom())
                {
                    Unfollowed++;
                    continue;
                }

                _sessions.Add(key.Hash, session = new FlowSession(FlowKeys.ValueOf(record, key)));
            }

            session.Waiting++;
            var waiting = new FlowEvent(session, key.Hash, key.Name, new FlowStep(service, pattern), timeNanos);
            _waiting.Enqueue(waiting, (timeNanos, _arrival++));
        }
    }

    /// <summary>A pattern is known under another id from now on.</summary>
    public void Rename(string service, PatternId old, PatternId current) => _steps.Rename(service, old, current);

    /// <summary>Time has come this far.</summary>
    public void Tick(long tickNanos)
    {
        _sampler.Tick(tickNanos);
        var until = tickNanos - (options.Lateness.Ticks * UnixNanos.PerTick);
        while (_waiting.TryPeek(out var next, out var place) && (place.Time <= until || _waiting.Count > options.MaxWaiting))
        {
            TakenEarly += place.Time <= until ? 0 : 1;
            _waiting.Dequeue();
            EndUpTo(next.TimeNanos);
            Step(next);
        }

        EndUpTo(until);
    }

    /// <summary>Nothing more comes: what waits is taken, and all that is remembered judged by all that was learned.</summary>
    public void Finish()
    {
        while (_waiting.TryDequeue(out var next, out _))
        {
            EndUpTo(next.TimeNanos);
            Step(next);
        }

        JudgeAll();
        foreach (var session in _sessions.Values)
        {
            session.First ??= session.Deviation is not null;
        }
    }

    /// <summary>Hands over the sessions that differed when they ended, since the last call.</summary>
    public void DrainFindings(ICollection<FlowFinding> into)
    {
        foreach (var finding in _findings)
        {
            into.Add(finding);
        }

        _findings.Clear();
    }

    /// <summary>Hands over how many sessions of each kind ended since the last call, and how many of them differed.</summary>
    public void DrainCounts(ICollection<FlowCount> into)
    {
        foreach (var kind in _kinds.Values)
        {
            if (kind.Fresh.Ended > 0 && IsFlow(kind.Key))
            {
                into.Add(new FlowCount(kind.Key, _steps[kind.Entry], kind.Fresh.Ended, kind.Fresh.Broken));
                kind.Fresh = default;
            }
        }
    }

    /// <summary>The remembered sessions whose key is a flow's, with what is known of them now.</summary>
    public IEnumerable<FlowVerdict> Verdicts() =>
        _sessions.Values.Where(s => s.Kind is { } kind && IsFlow(kind.Key)).Select(VerdictOf);

    private bool MakeRoom()
    {
        while (_sessions.Count >= options.MaxSessions)
        {
            if (!_ended.TryDequeue(out var oldest))
            {
                return false; // All are open: those that came first are followed to their end.
            }

            var ended = _sessions[oldest];
            ended.IsListed = false;
            if (!ended.IsOpen && ended.Waiting == 0)
            {
                _sessions.Remove(oldest);
                Forgotten++;
                if (left is not null && ended.Kind is { } kind && IsFlow(kind.Key))
                {
                    left(VerdictOf(ended));
                }
            }
        }

        return true;
    }
}
