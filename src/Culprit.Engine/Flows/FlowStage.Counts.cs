using System.IO.Hashing;
using System.Runtime.InteropServices;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>What ended sessions say about the system, counted for detectors.</summary>
internal sealed partial class FlowStage
{
    private readonly Dictionary<(FlowKind Kind, long Second), FlowCount> _counts = [];

    /// <summary>Hands over how the sessions of each kind went that ended since the last call, second by second.</summary>
    public IReadOnlyList<FlowCount> Drain()
    {
        if (_counts.Count == 0)
        {
            return [];
        }

        var drained = new List<FlowCount>(_counts.Count);
        foreach (var ((kind, _), count) in _counts)
        {
            if (_names.IsFlow(kind.Key))
            {
                count.EntryText = text(count.Entry.Service, count.Entry.Pattern);
                drained.Add(count);
            }
        }

        _counts.Clear();
        return drained;
    }

    private void Count(FlowSession session, long dueNanos)
    {
        var kind = session.Kind!;
        var (outcome, deviation) = kind.OutcomeOf(session, dueNanos);
        if (options.IsLive)
        {
            session.Deviation = deviation;
            session.First = outcome == FlowOutcome.Unknown ? null : deviation is not null;
        }

        var isSlow = outcome != FlowOutcome.Unknown && session.Slow is not null;
        session.Counted = (outcome, isSlow);
        if (outcome == FlowOutcome.Unknown)
        {
            return;
        }

        var count = CountOf(kind, dueNanos);
        Add(count, session.Counted, 1);
        if (deviation is not null)
        {
            Sign(count, session, outcome == FlowOutcome.Broken ? FlowSignKind.Broken : FlowSignKind.Changed, deviation);
        }

        if (isSlow)
        {
            Sign(count, session, session.Slow!);
        }
    }

    /// <summary>An ended session goes on: it did not end when it was counted.</summary>
    private void TakeBack(FlowSession session)
    {
        if (session.Counted.Outcome != FlowOutcome.Unknown)
        {
            Add(CountOf(session.Kind!, session.DueNanos), session.Counted, -1);
            session.Counted = default;
        }
    }

    private static void Add(FlowCount count, (FlowOutcome Outcome, bool IsSlow) counted, int sign)
    {
        count.Ended += sign;
        count.Broken += counted.Outcome == FlowOutcome.Broken ? sign : 0;
        count.Changed += counted.Outcome == FlowOutcome.Changed ? sign : 0;
        count.Slow += counted.IsSlow ? sign : 0;
    }

    private FlowCount CountOf(FlowKind kind, long dueNanos)
    {
        var second = dueNanos / UnixNanos.PerSecond;
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, (kind, second), out _);
        return count ??= new FlowCount(kind.Id, kind.Key, _steps[kind.Entry], second);
    }

    private void Sign(FlowCount count, FlowSession session, FlowSignKind kind, FlowDeviation deviation)
    {
        var step = _steps[deviation.Step];
        var sign = count.Sign(kind, deviation.Kind, deviation.Step, deviation.Missing, () => new FlowSign(
            WayOf(count, kind, step, deviation.Missing < 0 ? step : _steps[deviation.Missing]),
            kind,
            deviation.Missing < 0 ? [step.Service] : Places(_steps[deviation.Missing].Service, _steps[session.LastStep].Service),
            Explain(session, deviation)));
        Add(sign, session);
    }

    private void Sign(FlowCount count, FlowSession session, FlowSlowness slow)
    {
        var (from, to) = (_steps[slow.Pause.From], _steps[slow.Pause.To]);
        var sign = count.Sign(FlowSignKind.Slow, null, slow.Pause.From, slow.Pause.To, () => new FlowSign(
            WayOf(count, FlowSignKind.Slow, from, to), FlowSignKind.Slow, Places(to.Service, from.Service), Explain(slow)));
        Add(sign, session);
    }

    private static void Add(FlowSign? sign, FlowSession session)
    {
        if (sign is null)
        {
            return;
        }

        sign.Count++;
        sign.FirstNanos = Math.Min(sign.FirstNanos, session.LastNanos);
        if (session.Id.Length > 0 && sign.Examples.Count < FlowSign.MaxExamples)
        {
            sign.Examples.Add(session.Id);
        }
    }

    private static string[] Places(string first, string second) => first == second ? [first] : [first, second];

    private static ulong WayOf(FlowCount count, FlowSignKind kind, FlowStep step, FlowStep other)
    {
        ReadOnlySpan<ulong> parts =
        [
            count.Kind, (ulong)kind, step.Pattern.Value, other.Pattern.Value,
            XxHash3.HashToUInt64(MemoryMarshal.AsBytes(step.Service.AsSpan())), XxHash3.HashToUInt64(MemoryMarshal.AsBytes(other.Service.AsSpan())),
        ];
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(parts));
    }
}
