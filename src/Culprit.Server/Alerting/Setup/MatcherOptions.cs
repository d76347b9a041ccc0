namespace Culprit.Server.Alerting.Setup;

/// <summary>The keys by which routes and maintenance windows choose alerts.</summary>
internal abstract class MatcherOptions
{
    /// <summary><c>low</c> (default), <c>medium</c>, <c>high</c> or <c>critical</c>: alerts below it pass by.</summary>
    public string MinSeverity { get; set; } = "low";

    /// <summary>Alerts above it pass by. Default <c>critical</c>: none.</summary>
    public string MaxSeverity { get; set; } = "critical";

    /// <summary>Environments, with <c>*</c> for any text. Default: all.</summary>
    public List<string> Environments { get; set; } = [];

    /// <summary>Services, with <c>*</c> for any text. Default: all.</summary>
    public List<string> Services { get; set; } = [];

    /// <summary>Types of anomalies, with <c>*</c> for any text. Default: all.</summary>
    public List<string> AnomalyTypes { get; set; } = [];

    /// <summary>For each key one value or a list, with <c>*</c> for any text. Default: all.</summary>
    public Dictionary<string, List<string>> Labels { get; set; } = [];
}
