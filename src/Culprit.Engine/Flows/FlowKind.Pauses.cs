using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>How long a kind's sessions take from one step to the next.</summary>
internal sealed partial class FlowKind
{
    private const long LeastSlowNanos = 100_000_000; // Below that it is the collector of a runtime, or a disk.

    private readonly Dictionary<(int From, int To), FlowPauses> _pairs = [];

    /// <summary>A session went on to a step.</summary>
    public void Paused(FlowSession session, int to, long nanos)
    {
        var pause = new FlowPause(session.LastStep, to, nanos);
        if (session.IsLearned)
        {
            _steps.GetValueOrDefault(pause.From)?.Pauses.Add(nanos);
            if (!_pairs.TryGetValue((pause.From, to), out var pauses))
            {
                if (_pairs.Count >= 2 * options.MaxStepsPerKind || !room.Take())
                {
                    return;
                }

                _pairs.Add((pause.From, to), pauses = new FlowPauses());
            }

            pauses.Add(nanos);
        }

        if (nanos >= LeastSlowNanos && Slowness(pause) is { } slow && (session.Slow is not { } known || slow.Score > known.Score))
        {
            (session.Pause, session.Slow) = (pause, slow);
        }
    }

    /// <summary>By what is known now; null when the pause is usual, or too little is known.</summary>
    public FlowSlowness? Slowness(in FlowPause pause)
    {
        if (!_pairs.TryGetValue((pause.From, pause.To), out var pauses) || pauses.Count < options.MinSessions
            || pauses.Quantile(1 - options.SlowShare) is not { } usual
            || pause.Nanos <= options.SlowTimes * Math.Max(usual.Nanos, Resolution(pause.Nanos)))
        {
            return null;
        }

        var asSlow = pauses.AtLeast(pause.Nanos);
        return UpperShare(asSlow, pauses.Count) < options.SlowShare
            ? new FlowSlowness(pause, usual.Nanos, usual.Below, asSlow, pauses.Count)
            : null;
    }

    // Times written in whole seconds: 1 s may have been a millisecond.
    private static long Resolution(long nanos) => nanos % UnixNanos.PerSecond == 0 ? UnixNanos.PerSecond : 0;
}
