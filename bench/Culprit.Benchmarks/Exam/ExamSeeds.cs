namespace Culprit.Benchmarks.Exam;

/// <summary>Which worlds may be looked at while detectors are tuned, and which are kept for the exam.</summary>
internal static class ExamSeeds
{
    /// <summary>Seeds to develop with.</summary>
    public static readonly IReadOnlyList<int> Development = [1, 2, 3, 4, 5];

    /// <summary>Seeds that figures are reported on; whoever has tuned to them has no exam any more.</summary>
    public static readonly IReadOnlyList<int> Kept = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125];

    public static bool IsKept(int seed) => Kept.Contains(seed);
}
