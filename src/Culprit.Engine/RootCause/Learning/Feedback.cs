namespace Culprit.Engine.RootCause.Learning;

/// <summary>What people say of an incident's explanation.</summary>
internal enum FeedbackVerdict : byte
{
    /// <summary>The blamed service is the cause.</summary>
    Accept = 0,

    /// <summary>It is not; what is, nobody knows yet.</summary>
    Reject = 1,

    /// <summary>It is not, and another is.</summary>
    Correct = 2,
}

/// <summary>One word of people about one incident. Of several about the same incident the last counts.</summary>
internal sealed record Feedback
{
    public required string IncidentId { get; init; }

    public required FeedbackVerdict Verdict { get; init; }

    /// <summary>The cause that is accepted, rejected, or put in its place.</summary>
    public required string Service { get; init; }

    /// <summary>What people call this kind of incident; null when they gave it no name.</summary>
    public string? Name { get; init; }

    /// <summary>Path of the runbook that helps; null for none.</summary>
    public string? Runbook { get; init; }

    public string? Note { get; init; }

    public required IncidentSignature Signature { get; init; }

    /// <summary>When the incident began.</summary>
    public required DateTimeOffset IncidentAt { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>The words of the wire.</summary>
internal static class FeedbackWords
{
    public static string ToWire(this FeedbackVerdict verdict) => verdict switch
    {
        FeedbackVerdict.Accept => "accept",
        FeedbackVerdict.Reject => "reject",
        FeedbackVerdict.Correct => "correct",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown verdict {(byte)verdict}."),
    };

    public static FeedbackVerdict? TryParse(string? word) => word switch
    {
        "accept" => FeedbackVerdict.Accept,
        "reject" => FeedbackVerdict.Reject,
        "correct" => FeedbackVerdict.Correct,
        _ => null,
    };
}
