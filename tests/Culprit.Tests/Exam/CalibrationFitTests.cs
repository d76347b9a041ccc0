using Culprit.Benchmarks.Exam.Scoring;
using Xunit;

namespace Culprit.Tests.Exam;

public sealed class CalibrationFitTests
{
    [Fact]
    public void WhatIsRightAsOftenAsAFeatureSaysIsSaidSo()
    {
        // Of ten cases with the feature at 0 three are right, of ten with it at 1 nine.
        var cases = Enumerable.Range(0, 20).Select(i => (Features: new double[] { 1, i % 2 }, IsRight: i / 2 < (i % 2 == 0 ? 3 : 9))).ToList();

        var weights = CalibrationFit.Fit(cases);

        Assert.InRange(CalibrationFit.Probability(weights, [1, 0]), 0.28, 0.33);
        Assert.InRange(CalibrationFit.Probability(weights, [1, 1]), 0.86, 0.91);
    }

    [Fact]
    public void MoreEvidenceNeverLowersTheConfidence()
    {
        var cases = Enumerable.Range(0, 20).Select(i => (Features: new double[] { 1, i % 2 }, IsRight: i / 2 < (i % 2 == 0 ? 9 : 3))).ToList();

        var weights = CalibrationFit.Fit(cases);

        Assert.Equal(0, weights[1]);
    }
}
