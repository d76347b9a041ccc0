namespace Culprit.Server.Export.Datadog;

/// <summary>One value of one series.</summary>
/// <param name="IsCount">What was added since the last reading; otherwise what is.</param>
/// <param name="Unit">Datadog's word, or null.</param>
internal sealed record DatadogSample(string Metric, bool IsCount, string? Unit, IReadOnlyList<string> Tags, double Value);
