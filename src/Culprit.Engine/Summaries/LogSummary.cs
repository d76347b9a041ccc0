namespace Culprit.Engine.Summaries;

/// <summary>What one environment logged in a period: the wire's <c>log.summary</c>.</summary>
/// <param name="ByLevel">debug, info, warn, error, fatal.</param>
/// <param name="ByService">Records per service.</param>
internal sealed record LogSummary(
    string Environment,
    DateTimeOffset PeriodStart,
    DateTimeOffset PeriodEnd,
    long TotalLogs,
    IReadOnlyList<long> ByLevel,
    IReadOnlyDictionary<string, long> ByService)
{
    /// <summary>Error and fatal records as a share of all, 0 to 1.</summary>
    public double ErrorRate => TotalLogs == 0 ? 0 : (ByLevel[3] + ByLevel[4]) / (double)TotalLogs;
}
