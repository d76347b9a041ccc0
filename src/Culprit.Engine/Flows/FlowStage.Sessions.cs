using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>The life of sessions: they begin, go on, end, return, and are judged.</summary>
internal sealed partial class FlowStage
{
    private const int MaxNames = 1024;

    /// <summary>Findings kept until they are drained; the counts have the others too.</summary>
    private const int MaxFindings = 1000;

    private void Step(in FlowEvent next)
    {
        var session = next.Session;
        session.Waiting--;
        _nowNanos = Math.Max(_nowNanos, next.TimeNanos);
        var number = _steps.NumberOf(next.Step);
        if (number < 0 || (session.Kind ?? Begin(session, next, number)) is not { } kind || kind.Step(number) is not { } step)
        {
            Unfollowed++;
            List(session, next.Hash, session.Kind is null);
            return;
        }

        if (session.Records > 0)
        {
            if (!session.IsOpen)
            {
                kind.Returns(session);
            }

            kind.Paused(session, number, next.TimeNanos - session.LastNanos);
        }

        session.Records++;
        session.IsOpen = true;
        Visit(session, number, next.TimeNanos, step);
        session.LastStep = number;
        session.LastNanos = next.TimeNanos;
        session.DueNanos = next.TimeNanos + kind.PatienceNanos(number);
        if (!session.IsAwaited)
        {
            session.IsAwaited = true;
            _due.Enqueue((session, next.Hash), (session.DueNanos, next.Hash));
        }
    }

    private FlowKind? Begin(FlowSession session, in FlowEvent next, int step)
    {
        if (!_kinds.TryGetValue((next.Key, step), out var kind))
        {
            if (_kinds.Count >= options.MaxKinds || (_names.Count >= MaxNames && !_names.ContainsKey(next.Key)))
            {
                return null;
            }

            kind = new FlowKind(options, next.Key, step, next.TimeNanos);
            _kinds.Add((next.Key, step), kind);
        }

        var (sessions, flows) = _names.GetValueOrDefault(next.Key);
        _names[next.Key] = (sessions + 1, flows);
        kind.Sessions++;
        session.Kind = kind;
        session.StartNanos = next.TimeNanos;
        return kind;
    }

    private void Visit(FlowSession session, int step, long timeNanos, FlowStepStatistics statistics)
    {
        var at = session.VisitOf(step);
        if (at >= 0)
        {
            var visit = session.Visits[at];
            session.Visits[at] = visit with { Times = visit.Times + 1 };
            if (visit.Times < FlowStepStatistics.MaxTimes)
            {
                statistics.Occurred(visit.Times + 1);
            }

            return;
        }

        session.Visits.Add(new FlowVisit(step, 1, timeNanos));
        statistics.Occurred(1);
        if (session.Visits.Count == 2)
        {
            var (sessions, flows) = _names[session.Kind!.Key];
            _names[session.Kind.Key] = (sessions, flows + 1);
        }
    }

    private void EndUpTo(long untilNanos)
    {
        while (_due.TryPeek(out var next, out var place) && place.Due <= untilNanos)
        {
            _due.Dequeue();
            if (next.Session.DueNanos > place.Due)
            {
                _due.Enqueue(next, (next.Session.DueNanos, next.Hash)); // It went on meanwhile.
                continue;
            }

            next.Session.IsAwaited = false;
            End(next.Session, next.Hash, place.Due);
        }

        _nowNanos = Math.Max(_nowNanos, untilNanos);
    }

    private void End(FlowSession session, ulong hash, long dueNanos)
    {
        var kind = session.Kind!;
        session.IsOpen = false;
        List(session, hash, true);
        kind.Ends(session);
        Judge(session, dueNanos);
        kind.Fresh = (kind.Fresh.Ended + 1, kind.Fresh.Broken + (session.Deviation is null ? 0 : 1));
        if (session.Deviation is { } deviation && IsFlow(kind.Key) && _findings.Count < MaxFindings)
        {
            _findings.Add(new FlowFinding(
                VerdictOf(session),
                _steps[kind.Entry],
                _steps[deviation.Step],
                deviation.Missing < 0 ? null : _steps[deviation.Missing]));
        }

        if (++_endings >= _judgeAt)
        {
            _judgeAt = (long)(JudgementGrowth * _endings);
            _nowNanos = Math.Max(_nowNanos, dueNanos);
            JudgeAll();
        }
    }

    private void List(FlowSession session, ulong hash, bool mayLeave)
    {
        if (mayLeave && !session.IsListed)
        {
            session.IsListed = true;
            _ended.Enqueue(hash);
        }
    }

    private void JudgeAll()
    {
        foreach (var session in _sessions.Values)
        {
            if (session.Kind is not null)
            {
                Judge(session, _nowNanos);
            }
        }
    }

    private static void Judge(FlowSession session, long nowNanos)
    {
        var kind = session.Kind!;
        session.Deviation = kind.Judge(session, nowNanos);
        session.Slow = session.Pause is { } pause ? kind.Slowness(pause) : null;
        if (session.First is null && !session.IsOpen && (session.Deviation is not null || kind.IsJudged(session, nowNanos)))
        {
            session.First = session.Deviation is not null;
        }
    }

    private bool IsFlow(string key) => _names.GetValueOrDefault(key) is var (sessions, flows) && flows > 0 && 2 * flows >= sessions;
}
