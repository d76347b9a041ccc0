using System.Globalization;

namespace Culprit.Tests.Support;

/// <summary>How much a fault test does: a little with every change, a lot with <c>./test --large</c>.</summary>
internal static class FaultTier
{
    public static bool IsLarge { get; } = Environment.GetEnvironmentVariable("CULPRIT_TEST_TIER") == "large";

    public static int Pick(int small, int large) => IsLarge ? large : small;

    /// <summary>How often a fault is made: as the tier has it, or <c>CULPRIT_TEST_RUNS</c>, for a large tier in pieces.</summary>
    public static int Runs(int small, int large) =>
        int.TryParse(Environment.GetEnvironmentVariable("CULPRIT_TEST_RUNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var runs) && runs > 0
            ? runs
            : Pick(small, large);

    /// <summary>A seed to print: that of <c>CULPRIT_TEST_SEED</c> to repeat a run, else a new one.</summary>
    public static int NewSeed() =>
        int.TryParse(Environment.GetEnvironmentVariable("CULPRIT_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next();

    /// <summary>States a result with its N: in the test's output, and in the report that <c>./test</c> prints.</summary>
    public static void Report(FormattableString line)
    {
        var text = FormattableString.Invariant(line);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (Environment.GetEnvironmentVariable("CULPRIT_TEST_REPORT") is { Length: > 0 } path)
        {
            File.AppendAllText(path, text + Environment.NewLine);
        }
    }
}
