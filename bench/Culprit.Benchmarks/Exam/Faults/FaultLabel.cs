using System.Text.Json.Serialization;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>The truth about one fault of one case.</summary>
internal sealed record FaultLabel
{
    [JsonPropertyName("case_id")]
    public required string CaseId { get; init; }

    [JsonPropertyName("fault_type")]
    public required string Fault { get; init; }

    [JsonPropertyName("strength")]
    public required int Strength { get; init; }

    [JsonPropertyName("seed")]
    public required int Seed { get; init; }

    [JsonPropertyName("start")]
    public required DateTimeOffset Start { get; init; }

    [JsonPropertyName("end")]
    public required DateTimeOffset End { get; init; }

    /// <summary>The service or resource to blame.</summary>
    [JsonPropertyName("root_cause_service")]
    public required string RootCause { get; init; }

    /// <summary>Names that mean the same: the host of a resource; the other end of a broken link.</summary>
    [JsonPropertyName("root_cause_also")]
    public required IReadOnlyList<string> Also { get; init; }

    /// <summary>The commit's hash, the flag's or configuration change's id; <c>none</c> when no change is to blame.</summary>
    [JsonPropertyName("root_cause_commit")]
    public required string Change { get; init; }

    /// <summary>Anomaly types that describe it, any of which is right.</summary>
    [JsonPropertyName("anomaly_types")]
    public required IReadOnlyList<string> AnomalyTypes { get; init; }

    /// <summary>The root and every service that waits for it.</summary>
    [JsonPropertyName("affected_services")]
    public required IReadOnlyList<string> AffectedServices { get; init; }

    [JsonPropertyName("red_herrings")]
    public required IReadOnlyList<string> RedHerrings { get; init; }

    /// <summary>Calls that came by in the first five minutes.</summary>
    [JsonPropertyName("exposed_calls")]
    public required int ExposedCalls { get; init; }

    /// <summary>Of those, calls that failed, or took at least twice as long and 50 ms longer.</summary>
    [JsonPropertyName("affected_calls")]
    public required int AffectedCalls { get; init; }

    /// <summary>When the first of those began, or the fault if it was under way by then; null when there is none in the first five minutes.</summary>
    [JsonPropertyName("first_affected_call")]
    public required DateTimeOffset? FirstAffectedCall { get; init; }

    /// <summary>By the criterion of docs/exam.md, which knows the simulation and no detector.</summary>
    [JsonPropertyName("clearly_visible")]
    public required bool IsClearlyVisible { get; init; }
}
