namespace Culprit.Server.Patterns;

/// <summary>The patterns of some files, the commonest first.</summary>
/// <param name="Records">All records read; the counts of <paramref name="Shown"/> and <paramref name="Others"/> add up to it.</param>
/// <param name="Found">Patterns, those not shown included.</param>
/// <param name="Others">Records of patterns that are not shown.</param>
internal sealed record PatternsReport(
    long Records, long Found, IReadOnlyList<PatternEntry> Shown, long Others, IReadOnlyList<string> Problems)
{
    /// <param name="top">How many are shown; 0 for all.</param>
    public static PatternsReport Of(PatternTally tally, int top, IReadOnlyList<string> problems)
    {
        var all = tally.Finish();
        var shown = top > 0 && all.Count > top ? [.. all.Take(top)] : all;
        return new PatternsReport(tally.Records, all.Count, shown, tally.Records - shown.Sum(e => e.Count), problems);
    }
}
