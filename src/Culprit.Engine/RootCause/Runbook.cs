using Culprit.Engine.Detection;

namespace Culprit.Engine.RootCause;

/// <summary>What people wrote down to do about one kind of fault.</summary>
internal sealed record Runbook
{
    /// <summary>File name relative to the runbook folder.</summary>
    public required string Path { get; init; }

    public required string Title { get; init; }

    /// <summary>Anomaly types that it is about; empty means any.</summary>
    public IReadOnlyList<AnomalyType> AnomalyTypes { get; init; } = [];

    /// <summary>Services or dependencies that it is about; empty means any.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Plain text that occurs in the messages of its fault, in any case; empty means that messages do not matter.</summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];

    /// <summary>What to recommend; null means the first step.</summary>
    public string? Action { get; init; }

    /// <summary>Items of its first list, in order.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>Markdown without the front matter.</summary>
    public required string Body { get; init; }
}
