namespace Culprit.Engine.Detection.Series;

/// <summary>The moment that detectors judge: windows end with it, and what lies before them is the baseline.</summary>
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

    private readonly QuietSpan[] _spans;

    public Frame(long end, QuietTime quiet)
    {
        End = end;
        Since = quiet.Since;
        _spans = [.. Lengths.Select(l => quiet.Before(end - l))];
    }

    /// <summary>The step with which the windows end; not part of them.</summary>
    public long End { get; }

    /// <summary>First step of the history.</summary>
    public long Since { get; }

    /// <summary>What a single test must reach when a detector makes so many of each window.</summary>
    /// <remarks>
    /// The lengths do not count: windows that follow one another overlap, so that those of a minute are a new test only
    /// every twelfth step, and the steps of the budget already count each of them.
    /// </remarks>
    public double Sigma(int tests) => AlarmBudget.Sigma(End - Since, tests);

    /// <summary>The quiet time before the window of a length.</summary>
    public QuietSpan Before(int lengthIndex) => _spans[lengthIndex];
}
