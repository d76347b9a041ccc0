namespace Culprit.Engine.Evaluation;

/// <summary>The truth about one past incident.</summary>
internal sealed record LabelledCase
{
    public required string Id { get; init; }

    /// <summary>When the fault began.</summary>
    public required DateTimeOffset Start { get; init; }

    public required DateTimeOffset End { get; init; }

    /// <summary>The service or dependency to blame, and other names that mean the same; at least one.</summary>
    public required IReadOnlyList<string> RootCauses { get; init; }

    /// <summary>What went wrong, in a word of whoever labelled it.</summary>
    public required string FaultType { get; init; }

    /// <summary>Full id of the change to blame; <c>none</c> when no change is; null when nobody said.</summary>
    public string? Change { get; init; }
}
