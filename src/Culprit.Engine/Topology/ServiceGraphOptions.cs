namespace Culprit.Engine.Topology;

/// <summary>Limits of the service graph and what is declared in configuration.</summary>
internal sealed record ServiceGraphOptions
{
    /// <summary>Services whose names are recognised in messages. Default 2,000; the least recently seen leaves first.</summary>
    public int MaxServices { get; init; } = 2_000;

    /// <summary>Learned edges that are kept. Default 10,000; the least recently seen leave first. Declared ones do not count.</summary>
    public int MaxEdges { get; init; } = 10_000;

    /// <summary>Caller to callees, as written in configuration.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Dependencies { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>Caller to callees that are never learned, whatever suggests them. What is declared stands all the same.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Vetoes { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
}
