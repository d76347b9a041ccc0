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
    private const int MinRoom = 1000;
    private const ulong ExampleShare = 8;
    private const long MaxGapNanos = 30 * UnixNanos.PerSecond;
    private const long RememberedNanos = 60 * UnixNanos.PerSecond;
    private const long MaxWrongNanos = 1800 * UnixNanos.PerSecond;

    private readonly FlowKeys _keys = new();
    private readonly FlowSampler _sampler = new(options.MaxNewPerSecond, options.MaxRecordsPerSecond);
    private readonly FlowStepTable _steps = new();
    private readonly FlowRoom _room = new(options.MaxStatistics);
    private readonly FlowNames _names = new(options.IsLive);
    private readonly Dictionary<ulong, FlowSession> _sessions = [];
    private readonly Dictionary<(string Key, int Entry), FlowKind> _kinds = [];
    private readonly PriorityQueue<FlowEvent, (long Time, long Arrival)> _waiting = new();
    private readonly PriorityQueue<(FlowSession Session, ulong Hash), (long Due, ulong Hash)> _due = new();
    private readonly Queue<ulong> _ended = new();
    private long _arrival;
    private long _nowNanos = long.MinValue;
    private long _tickNanos;
    private long? _wrongSince;
    private long _inputEndedNanos = long.MaxValue;
    private long _outside;
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

    /// <summary>Sessions remembered now.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>How many stages there are, which share memory and time.</summary>
    public Func<int> Stages { get; init; } = () => 1;

    private int MaxSessions => Math.Max(Math.Min(MinRoom, options.MaxSessions), options.MaxSessions / Stages());

    /// <summary>Takes a log record.</summary>
    /// <param name="service">The record's service.</param>
    /// <param name="pattern">As known at this time.</param>
    public void Observe(in LogRecord record, string service, PatternId pattern, long timeNanos)
    {
        foreach (ref readonly var key in _keys.Find(record, pattern, _names))
        {
            // Most of a flood need not be looked up: their ids are not in the sample, and none of those known is outside of it.
            var isInSample = _sampler.Has(key.Hash);
            if (!isInSample && _outside == 0)
            {
                SampledOut++;
                continue;
            }

            if (!_sessions.TryGetValue(key.Hash, out var session))
            {
                var before = _sampler.Halvings;
                var takes = _sampler.Takes(key.Hash);
                CountOutside(before);
                if (!takes)
                {
                    SampledOut++;
                    continue;
                }

                if (!MakeRoom())
                {
                    Unfollowed++;
                    continue;
                }

                // Only some examples are ever shown of what the server follows.
                var id = options.IsLive && key.Hash % ExampleShare != 0 ? string.Empty : FlowKeys.ValueOf(record, key);
                _sessions.Add(key.Hash, session = new FlowSession(id));
                _outside += _sampler.Has(key.Hash) ? 0 : 1;
            }

            _sampler.Follows();
            session.Waiting++;
            var waiting = new FlowEvent(session, key.Hash, key.Name, new FlowStep(service, pattern), record.Severity >= Severity.Warn, timeNanos);
            _waiting.Enqueue(waiting, (timeNanos, _arrival++));
        }
    }

    /// <summary>A pattern is known under another id from now on.</summary>
    public void Rename(string service, PatternId old, PatternId current)
    {
        if (_steps.Rename(service, old, current) is var (gone, stays) && options.IsLive)
        {
            foreach (var kind in _kinds.Values)
            {
                kind.Merge(gone, stays);
            }
        }
    }

    /// <summary>Something is wrong since then, by whatever detector: what begins now is not what is usual.</summary>
    /// <param name="sinceNanos">Null when nothing is wrong (any more).</param>
    public void Hold(long? sinceNanos) => _wrongSince = sinceNanos;

    /// <summary>No record will come any more: sessions that are open now have no end.</summary>
    public void EndInput() => _inputEndedNanos = _tickNanos;

    /// <summary>Time has come this far.</summary>
    public void Tick(long tickNanos)
    {
        if (options.IsLive && _tickNanos > 0 && tickNanos - _tickNanos > MaxGapNanos)
        {
            Abandon(); // Nobody listened for a while: what was open lacks what was said meanwhile.
        }

        _tickNanos = tickNanos;
        var before = _sampler.Halvings;
        _sampler.Tick(tickNanos, options.IsLive && 4L * (_sessions.Count - _ended.Count) > 3L * MaxSessions);
        CountOutside(before);
        Forget(tickNanos);
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

    /// <summary>The remembered sessions whose key is a flow's, with what is known of them now.</summary>
    public IEnumerable<FlowVerdict> Verdicts() =>
        _sessions.Values.Where(s => s.Kind is { } kind && _names.IsFlow(kind.Key)).Select(VerdictOf);

    private bool MakeRoom()
    {
        while (_sessions.Count >= MaxSessions)
        {
            if (!_ended.TryDequeue(out var oldest))
            {
                return false; // All are open: those that came first are followed to their end.
            }

            Leave(oldest);
        }

        return true;
    }

    // Live, a session that ended a while ago is of no more use than the memory it takes.
    private void Forget(long tickNanos)
    {
        while (options.IsLive && _ended.TryPeek(out var oldest) && tickNanos - _sessions[oldest].DueNanos > RememberedNanos)
        {
            Leave(_ended.Dequeue());
        }
    }

    private void Leave(ulong hash)
    {
        var ended = _sessions[hash];
        ended.IsListed = false;
        if (!ended.IsOpen && ended.Waiting == 0)
        {
            Remove(hash);
            Forgotten++;
            if (left is not null && ended.Kind is { } kind && _names.IsFlow(kind.Key))
            {
                left(VerdictOf(ended));
            }
        }
    }

    private void Remove(ulong hash)
    {
        if (_sessions.Remove(hash, out var session) && session.Kind is { } kind)
        {
            kind.Remembered--;
        }

        _outside -= _sampler.Has(hash) ? 0 : 1;
    }

    private void CountOutside(int halvingsBefore)
    {
        if (_sampler.Halvings != halvingsBefore)
        {
            _outside = _sessions.Keys.Count(hash => !_sampler.Has(hash));
        }
    }

    private void Abandon()
    {
        _waiting.Clear();
        _due.Clear();
        _ended.Clear();
        _sessions.Clear();
        _outside = 0;
        foreach (var kind in _kinds.Values)
        {
            kind.Remembered = 0;
        }
    }

    // There is no room for another step: after so many releases, little of what was learned is of use.
    private void Restart()
    {
        Abandon();
        _kinds.Clear();
        _steps.Clear();
        _names.Clear();
        _room.Left = options.MaxStatistics;
    }
}
