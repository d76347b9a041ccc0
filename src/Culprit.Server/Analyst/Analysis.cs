namespace Culprit.Server.Analyst;

/// <summary>What an analyst found, after every claim was checked; or why there is nothing.</summary>
internal sealed record Analysis
{
    /// <summary><c>provider:model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Why the ranker's report stands alone; null when claims were kept.</summary>
    public string? Failure { get; init; }

    /// <summary>The candidate that it settled on; null for unknown.</summary>
    public CaseCandidate? Verdict { get; init; }

    /// <summary>Empty when it said what no evidence shows.</summary>
    public string Summary { get; init; } = "";

    public IReadOnlyList<KeptClaim> Claims { get; init; } = [];

    public IReadOnlyList<DroppedClaim> Dropped { get; init; } = [];

    /// <summary>The one service whose own words the verdict rests on: whoever can write there could have made it up. Null when there is other evidence.</summary>
    public string? RestsOn { get; init; }

    public required AnalysisUsage Usage { get; init; }

    /// <summary>Everything that was sent and received, redacted, in order.</summary>
    public required IReadOnlyList<TranscriptEntry> Transcript { get; init; }
}

/// <param name="Evidence">What bears it out.</param>
internal sealed record KeptClaim(string Text, IReadOnlyList<Evidence> Evidence);

internal sealed record DroppedClaim(string Text, string Reason);

/// <param name="Cost">US dollars; null without prices.</param>
internal sealed record AnalysisUsage(long InputTokens, long OutputTokens, int Lookups, double Seconds, double? Cost);

/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, <c>call</c> or <c>tool</c>.</param>
internal sealed record TranscriptEntry(string Role, string Text);
