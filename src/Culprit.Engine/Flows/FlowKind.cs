namespace Culprit.Engine.Flows;

/// <summary>Sessions that begin alike, and what is usual among them.</summary>
/// <remarks>
/// Learns from every session, odd ones included: nobody says which are normal. All counts are sums over sessions, so the
/// order in which sessions end does not matter to them.
/// </remarks>
/// <param name="room">Statistics for which there is still room, of all kinds.</param>
internal sealed partial class FlowKind(FlowOptions options, FlowRoom room, ulong id, string key, int entry, long firstNanos)
{
    private const int MinPauses = 50;
    private const int MinReturns = 20;
    private const double ReturnShare = 0.01;
    private const long MaxIdleNanos = 86_400_000_000_000;

    private readonly SortedDictionary<int, FlowStepStatistics> _steps = [];
    private readonly long _minIdleNanos = options.MinIdle.Ticks * 100;
    private long _idleNanos = options.Idle.Ticks * 100;
    private long _endedSinceIdle;
    private long _returnsSinceIdle;

    /// <summary>Stays when the first step's pattern gets another id.</summary>
    public ulong Id => id;

    public string Key => key;

    /// <summary>The step with which they begin.</summary>
    public int Entry => entry;

    /// <summary>When the first of them began.</summary>
    public long FirstNanos => firstNanos;

    /// <summary>When the newest of them began.</summary>
    public long LastNanos { get; private set; }

    /// <summary>Sessions that were learned from.</summary>
    public long Sessions { get; private set; }

    /// <summary>Sessions of it that the stage remembers.</summary>
    public long Remembered { get; set; }

    /// <summary>Statistics that it takes up.</summary>
    public int Statistics => _steps.Count + _pairs.Count;

    public void Begins(FlowSession session, long nanos)
    {
        Remembered++;
        Sessions += IsLearnedAtOnce(session) ? 1 : 0;
        LastNanos = Math.Max(LastNanos, nanos);
    }

    /// <summary>Whether its steps count as it takes them; else they do when it has ended, so that those under way do not make a fault usual before it is judged.</summary>
    public bool IsLearnedAtOnce(FlowSession session) => session.IsLearned && !options.IsLive;

    /// <summary>Two patterns turned out to be one: neither is expected as it was, and the one that stays is counted anew.</summary>
    public void Merge(int gone, int stays)
    {
        if (_steps.ContainsKey(gone) && _steps.ContainsKey(stays))
        {
            _steps.Remove(gone);
            _steps[stays] = new FlowStepStatistics(Sessions);
            room.Left++;
        }
    }

    public FlowStepStatistics? Step(int step)
    {
        if (!_steps.TryGetValue(step, out var statistics) && _steps.Count < options.MaxStepsPerKind && room.Take())
        {
            _steps.Add(step, statistics = new FlowStepStatistics(Sessions));
        }

        return statistics;
    }

    /// <summary>How long after the step a session may be silent before it is taken for ended.</summary>
    public long PatienceNanos(int step)
    {
        if (!_steps.TryGetValue(step, out var statistics))
        {
            return _idleNanos;
        }

        if (options.IsLive && statistics.Last >= MinPauses && statistics.Pauses.Count < ReturnShare * statistics.Last)
        {
            return _minIdleNanos; // It is an end: hardly any go on.
        }

        return statistics.Pauses.Count >= MinPauses && statistics.Pauses.Quantile(options.PauseShare) is { } pause
            ? (long)Math.Clamp(pause.Nanos * options.PauseMargin, _minIdleNanos, MaxIdleNanos)
            : _idleNanos;
    }

    public void Ends(FlowSession session)
    {
        _endedSinceIdle++;
        Learn(session, 1);
    }

    /// <summary>A session that was taken for ended went on. If that is common, more patience is needed.</summary>
    public void Returns(FlowSession session)
    {
        Learn(session, -1);
        _returnsSinceIdle++;
        if (_returnsSinceIdle > MinReturns && _returnsSinceIdle > ReturnShare * _endedSinceIdle)
        {
            _idleNanos = Math.Min(2 * _idleNanos, MaxIdleNanos);
            (_returnsSinceIdle, _endedSinceIdle) = (0, 0);
        }
    }

    /// <summary>The first rule that the session breaks, by what is known now; null for none.</summary>
    public FlowDeviation? Judge(FlowSession session, long nowNanos)
    {
        if (Sessions < options.MinSessions)
        {
            return null;
        }

        var age = JudgedAge(nowNanos);
        foreach (var visit in session.Visits)
        {
            if (visit.FirstNanos - session.StartNanos <= age && _steps.GetValueOrDefault(visit.Step) is { } step
                && (Odd(visit, step) ?? (session.IsOpen || session.DueNanos - session.StartNanos > age ? null : Missing(session, visit, step))) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Whether all of an ended session can be judged already.</summary>
    public bool IsJudged(FlowSession session, long nowNanos) =>
        Sessions >= options.MinSessions && session.DueNanos - session.StartNanos <= JudgedAge(nowNanos);

    /// <summary>Steps that at least <see cref="FlowOptions.FixedShare"/> of the sessions have.</summary>
    public int UsualSteps(FlowSession? among) =>
        _steps.Count(s => s.Value.Sessions >= options.FixedShare * Sessions && (among is null || among.VisitOf(s.Key) >= 0));

    private long JudgedAge(long nowNanos) => (long)(options.WatchedShare * (nowNanos - firstNanos));

    private FlowDeviation? Odd(in FlowVisit visit, FlowStepStatistics step)
    {
        if (IsRare(step.Sessions, Sessions))
        {
            return new FlowDeviation(FlowDeviationKind.RareStep, visit.Step, -1, visit.Times, step.Sessions, Sessions);
        }

        var same = step.WithTimes(visit.Times);
        return step.Sessions >= options.MinSessions
            && UpperShare(step.Sessions - step.CommonestTimes, step.Sessions) < 1 - options.FixedShare
            && IsRare(same, step.Sessions)
                ? new FlowDeviation(FlowDeviationKind.StepCount, visit.Step, -1, visit.Times, same, step.Sessions)
                : null;
    }

    private FlowDeviation? Missing(FlowSession session, in FlowVisit visit, FlowStepStatistics step)
    {
        if (step.Ended < options.MinSessions)
        {
            return null;
        }

        foreach (var (other, _) in _steps)
        {
            var without = step.Ended - step.EndedWith(other);
            if (IsRare(without, step.Ended) && session.VisitOf(other) < 0)
            {
                return new FlowDeviation(FlowDeviationKind.MissingStep, visit.Step, other, visit.Times, without, step.Ended);
            }
        }

        return null;
    }

    private void Learn(FlowSession session, int sign)
    {
        if (!session.IsLearned)
        {
            return;
        }

        if (_steps.TryGetValue(session.LastStep, out var last))
        {
            last.Last += sign;
        }

        Sessions += options.IsLive ? sign : 0;
        foreach (var visit in session.Visits)
        {
            if (_steps.TryGetValue(visit.Step, out var step))
            {
                step.Ends(session, sign);
                if (options.IsLive)
                {
                    step.Occurred(visit.Times, sign);
                }
            }
        }
    }

    private bool IsRare(long cases, long of) => UpperShare(cases, of) < options.RareShare;

    // Wilson's upper bound: with few sessions even none of them says little.
    private double UpperShare(long cases, long of)
    {
        var (n, z) = ((double)of, options.Confidence);
        var share = cases / n;
        return (share + (z * z / (2 * n)) + (z * Math.Sqrt((share * (1 - share) / n) + (z * z / (4 * n * n))))) / (1 + (z * z / n));
    }
}
