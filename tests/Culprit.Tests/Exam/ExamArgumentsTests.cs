using Culprit.Benchmarks.Exam;

namespace Culprit.Tests.Exam;

public sealed class ExamArgumentsTests
{
    [Fact]
    public void SeedsKeptForTheExamAreRefusedUnlessAskedFor()
    {
        Assert.Null(ExamArguments.Parse(["--seed", "1,101"], out var problem));
        Assert.Contains("kept for the exam", problem, StringComparison.Ordinal);
        Assert.NotNull(ExamArguments.Parse(["--seed", "1,101", "--exam"], out _));
    }

    [Theory]
    [InlineData("--faults", "nonsense", "no fault 'nonsense'")]
    [InlineData("--strength", "6", "--strength '6'")]
    [InlineData("--spans", "some", "--spans 'some'")]
    [InlineData("--hours", "0", "--hours '0'")]
    [InlineData("--colour", "red", "no option '--colour'")]
    public void AMistakeIsNamed(string option, string value, string expected)
    {
        Assert.Null(ExamArguments.Parse([option, value], out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void CasesAreEveryFaultAtEveryStrengthOfEverySeed()
    {
        var arguments = ExamArguments.Parse(["--seeds", "1,2", "--faults", "bad-deploy,slow-database", "--strength", "all"], out _)!;

        var cases = arguments.Cases().Select(c => c.Id).ToList();

        Assert.Equal(20, cases.Distinct().Count());
        Assert.Contains("slow-database-5-2", cases);
    }
}
