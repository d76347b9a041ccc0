using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.Correlation;

/// <summary>An incident that has not ended, with the evidence that is counted for it.</summary>
/// <remarks>Baselines are frozen when it opens: what the fault adds never becomes part of what is usual.</remarks>
internal sealed class OpenIncident
{
    private const double MinConfidence = 0.5;

    public required Incident Incident { get; set; }

    /// <summary>Opened by a plain count: other detectors' findings stay out of it.</summary>
    public required bool IsPlain { get; init; }

    /// <summary>From here on, by event time, evidence belongs to the incident.</summary>
    public required long StartNanos { get; init; }

    public Dictionary<string, TrackedService> Services { get; init; } = [];

    /// <summary>Services with which the failures of this incident have nothing to do; their errors are not its.</summary>
    public HashSet<string> Apart { get; init; } = [];

    /// <summary>Event time of the newest error that was counted.</summary>
    public long LastErrorNanos { get; set; }

    /// <summary>Explanations published so far.</summary>
    public int Explanations { get; set; }

    /// <summary>Tick of the last look at the causes.</summary>
    public long ExplainedAt { get; set; }

    /// <summary>Tick at which the incident opened.</summary>
    public long OpenedAt { get; set; }

    /// <summary>How often it came back after it had been resolved.</summary>
    public int Reopened { get; set; }

    /// <summary>Id of the <c>log.root_cause</c> that stands.</summary>
    public string? RootCauseId { get; set; }

    /// <summary>Blamed service of the explanation that stands; null when it abstained.</summary>
    public string? Blamed { get; set; }

    public double Confidence { get; set; }

    /// <summary>Who is blamed, when the ranker is sure enough that it may bind others to the incident.</summary>
    public string? Suspect => SuspectOf(Blamed, Confidence);

    /// <inheritdoc cref="Suspect"/>
    public static string? SuspectOf(string? blamed, double confidence) => confidence >= MinConfidence ? blamed : null;

    /// <summary>The type that the cause gives it; null when that is what its findings show.</summary>
    public AnomalyType? TypeOfCause { get; set; }

    /// <summary>States published so far.</summary>
    public int Updates { get; set; }

    /// <summary>Something that people should see has changed since the last published state.</summary>
    public bool IsChanged { get; set; }
}

/// <summary>One service's evidence within an incident.</summary>
internal sealed class TrackedService
{
    public required string Service { get; init; }

    /// <summary>Errors per minute before the incident.</summary>
    public required double BaselineErrorsPerMinute { get; init; }

    public required double BaselineMinutes { get; init; }

    public long Records { get; set; }

    public long Errors { get; set; }

    public long? FirstErrorNanos { get; set; }

    public long LastNanos { get; set; }

    public Dictionary<string, TrackedPattern> Patterns { get; init; } = [];
}

/// <summary>One WARN-or-worse pattern's evidence within an incident.</summary>
internal sealed class TrackedPattern
{
    public required ulong Pattern { get; init; }

    public required long BaselineCount { get; init; }

    public Severity Severity { get; set; }

    public long Count { get; set; }

    public long FirstNanos { get; set; } = long.MaxValue;

    /// <summary>The first records of it, at most 3.</summary>
    public List<RecordRef> Samples { get; init; } = [];
}
