using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>The life of sessions: they begin, go on, end, return, and are judged.</summary>
internal sealed partial class FlowStage
{
    private const long UnusedNanos = 600 * UnixNanos.PerSecond;

    private readonly long _graceNanos = options.Grace.Ticks * UnixNanos.PerTick;

    private void Step(in FlowEvent next)
    {
        var session = next.Session;
        session.Waiting--;
        _nowNanos = Math.Max(_nowNanos, next.TimeNanos);
        var number = _steps.NumberOf(next.Step);
        if (number < 0 && options.IsLive)
        {
            Restart();
            return;
        }

        if (number < 0 || (session.Kind ?? Begin(session, next, number)) is not { } kind || kind.Step(number) is not { } step)
        {
            Unfollowed++;
            List(session, next.Hash, session.Kind is null);
            return;
        }

        step.IsTrouble |= next.IsTrouble;
        var isInPlace = session.Records == 0 || next.TimeNanos >= session.LastNanos || !options.IsLive;
        if (session.Records > 0)
        {
            if (!session.IsOpen)
            {
                TakeBack(session);
                kind.Returns(session);
            }

            if (isInPlace)
            {
                kind.Paused(session, number, next.TimeNanos - session.LastNanos);
            }
        }

        session.Records++;
        session.IsOpen = true;
        Visit(session, number, next.TimeNanos, step);
        if (isInPlace)
        {
            session.LastStep = number;
            session.LastNanos = next.TimeNanos;
            session.DueNanos = next.TimeNanos + kind.PatienceNanos(number);
        }

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
            if (!_names.HasRoomFor(next.Key) || (_kinds.Count >= options.MaxKinds && !(options.IsLive && ForgetKind())))
            {
                return null;
            }

            kind = new FlowKind(options, _room, IdOf(next), next.Key, step, next.TimeNanos);
            _kinds.Add((next.Key, step), kind);
        }

        _names.Begins(next.Key);
        session.IsLearned = !(options.IsLive && _wrongSince is { } since && next.TimeNanos >= since && next.TimeNanos - since < MaxWrongNanos);
        kind.Begins(session, next.TimeNanos);
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
            if (session.Kind!.IsLearnedAtOnce(session) && visit.Times < FlowStepStatistics.MaxTimes)
            {
                statistics.Occurred(visit.Times + 1);
            }

            return;
        }

        session.Add(new FlowVisit(step, 1, timeNanos));
        if (session.Kind!.IsLearnedAtOnce(session))
        {
            statistics.Occurred(1);
        }

        if (session.Visits.Length == 2)
        {
            _names.GoesOn(session.Kind!.Key);
        }
    }

    private void EndUpTo(long untilNanos)
    {
        while (_due.TryPeek(out var next, out var place) && place.Due <= untilNanos - _graceNanos)
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
        var isSeen = dueNanos <= _inputEndedNanos; // Else the log ended, not the session.
        if (options.IsLive && !isSeen)
        {
            return;
        }

        kind.Ends(session);
        if (isSeen)
        {
            Count(session, dueNanos);
        }

        if (options.IsLive)
        {
            return;
        }

        Judge(session, dueNanos);
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

    private static ulong IdOf(in FlowEvent first) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{first.Key}\n{first.Step.Service}\n{first.Step.Pattern}"));

    /// <summary>Makes room for another kind: the one of which no session began for the longest time leaves; false when none has been unused for long.</summary>
    private bool ForgetKind()
    {
        var unused = _kinds.Where(k => k.Value.Remembered == 0).MinBy(k => (k.Value.LastNanos, k.Value.Id));
        if (unused.Value is not { } kind || _nowNanos - kind.LastNanos < UnusedNanos)
        {
            return false;
        }

        _kinds.Remove(unused.Key);
        _room.Left += kind.Statistics;
        return true;
    }
}
