namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>How a call ended for its caller.</summary>
/// <param name="End">When the answer was there; <see cref="Never"/> when none comes.</param>
/// <param name="IsWrong">The answer looks well and is wrong.</param>
internal readonly record struct CallOutcome(double End, Failure Failure, bool IsWrong)
{
    public const double Never = double.MaxValue;
}
