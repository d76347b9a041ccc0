namespace Culprit.Engine;

/// <summary>What a program that hosts the engine may set; everything else has the server's defaults.</summary>
public sealed record CulpritEngineOptions
{
    /// <summary>Which services each service calls. Default: none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ServiceDependencies { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Only records whose <c>source</c> matches this regular expression are analysed. Default: all.</summary>
    public string? SourceFilter { get; init; }

    /// <summary>Errors within the window that open an anomaly. Default 5.</summary>
    public int ThresholdCount { get; init; } = 5;

    /// <summary>Default 60 s.</summary>
    public TimeSpan ThresholdWindow { get; init; } = TimeSpan.FromSeconds(60);
}
