using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Series;

/// <summary>The moment that detectors judge: windows end with it, and what lies before them is the baseline.</summary>
/// <remarks>Most judge whole steps. Where seconds count, the step that is not over is judged as well, each second: its windows are shorter by what is missing.</remarks>
internal sealed class Frame
{
    /// <summary>Window lengths in steps: 10 s, 25 s, 1 min and 5 min. The short ones see what is strong soon, the long ones what is weak.</summary>
    public static readonly IReadOnlyList<int> Lengths = [2, 5, 12, 60];

    /// <summary>Of <see cref="Lengths"/>: one minute.</summary>
    public const int Minute = 2;

    /// <summary>Of <see cref="Lengths"/>: five minutes.</summary>
    public const int FiveMinutes = 3;

    /// <summary>Evidence so many times as strong as needed counts at once, without a second window that agrees.</summary>
    public const double Certain = 1.25;

    /// <summary>What happens by chance in fewer steps than this share of them shows in a step.</summary>
    public const double RareStep = 0.05;

    private readonly QuietSpan[] _spans;

    /// <param name="missing">Seconds of the last step that are still to come.</param>
    public Frame(long end, QuietTime quiet, int missing = 0)
    {
        End = end;
        Since = quiet.Since;
        EndNanos = Steps.Start(end) - (missing * UnixNanos.PerSecond);
        _spans = [.. Lengths.Select(l => quiet.Before(end - l))];
    }

    /// <summary>The step with which the windows end; not part of them.</summary>
    public long End { get; }

    /// <summary>The moment itself, Unix nanoseconds: what comes from then on is not known yet.</summary>
    public long EndNanos { get; }

    /// <summary>First step of the history.</summary>
    public long Since { get; }

    /// <summary>Whether the last step is over.</summary>
    public bool IsWhole => EndNanos == Steps.Start(End);

    /// <summary>Before the last step is over only what showed earlier than this step is told: a burst of a few seconds is a retry or a hiccup, and the load that comes with it cannot be seen yet.</summary>
    public long ShownBefore => IsWhole ? End : End - 2;

    /// <summary>How many steps have passed since one began, the last perhaps in part.</summary>
    public double StepsSince(long step) => (double)(EndNanos - Steps.Start(step)) / Steps.Nanos;

    /// <summary>What a single test must reach when a detector makes so many of each window.</summary>
    /// <remarks>
    /// The lengths do not count: windows that follow one another overlap, so that those of a minute are a new test only
    /// every twelfth step, and the steps of the budget already count each of them. Nor do the seconds of a step that is not over: they see
    /// nothing that the whole step will not see.
    /// </remarks>
    public double Sigma(int tests) => AlarmBudget.Sigma(End - Since, tests);

    /// <summary>The quiet time before the window of a length.</summary>
    public QuietSpan Before(int lengthIndex) => _spans[lengthIndex];
}
