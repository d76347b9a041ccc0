using Culprit.Engine.Correlation;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>All evidence about one incident, gathered once and handed to the ranker (and to an analyst).</summary>
internal sealed record Dossier
{
    public required Incident Incident { get; init; }

    /// <summary>Event time up to which evidence was gathered.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Every service of the environment that logged in the window or its baseline.</summary>
    public required IReadOnlyList<ServiceEvidence> Services { get; init; }

    public required IReadOnlyList<ServiceEdge> Edges { get; init; }

    public required IReadOnlyList<MetricEvidence> Metrics { get; init; }

    public required IReadOnlyList<ChangeEvidence> Changes { get; init; }

    /// <summary>What traces say; empty when there are none.</summary>
    public IReadOnlyList<TraceFinding> Traces { get; init; } = [];

    /// <summary>Traces of several steps in the incident's window that the findings rest on.</summary>
    public int TracesSeen { get; init; }

    /// <summary>Somebody asked about a time: nothing was found there that could tell who takes part.</summary>
    public bool WasAsked { get; init; }

    /// <summary>Neither logs nor traces: metrics are all there is to go by.</summary>
    public bool HasMetricsOnly => Services.Count == 0 && Traces.Count == 0;
}

/// <summary>What one service said around the incident, against its own past.</summary>
internal sealed record ServiceEvidence
{
    public required string Service { get; init; }

    /// <summary>Records since the incident's start.</summary>
    public required long Records { get; init; }

    /// <summary>Error and fatal records since the incident's start.</summary>
    public required long Errors { get; init; }

    /// <summary>Error and fatal records per minute before the incident, over <see cref="BaselineMinutes"/>.</summary>
    public required double BaselineErrorsPerMinute { get; init; }

    /// <summary>Minutes of history behind the baseline; 0 means none.</summary>
    public required double BaselineMinutes { get; init; }

    /// <summary>Event time of the first error that belongs to the incident, if any.</summary>
    public DateTimeOffset? FirstErrorAt { get; init; }

    /// <summary>Event time of the newest record of any level before <see cref="Dossier.At"/>: shows who fell silent.</summary>
    public DateTimeOffset? LastRecordAt { get; init; }

    /// <summary>WARN and worse patterns in the window, most frequent first; at most 20.</summary>
    public required IReadOnlyList<PatternEvidence> Patterns { get; init; }
}

/// <summary>One WARN-or-worse pattern of one service in the incident's window.</summary>
/// <param name="Pattern">Its id.</param>
/// <param name="Text">Its text with <c>&lt;*&gt;</c> for variable parts.</param>
/// <param name="Severity">The worst level seen.</param>
/// <param name="Count">Records since the incident's start.</param>
/// <param name="BaselineCount">Records before it, over the service's baseline.</param>
/// <param name="FirstAt">First record of the incident's window.</param>
/// <param name="Samples">At most 3 records, oldest first.</param>
internal sealed record PatternEvidence(
    PatternId Pattern,
    string Text,
    Severity Severity,
    long Count,
    long BaselineCount,
    DateTimeOffset FirstAt,
    IReadOnlyList<RecordRef> Samples)
{
    /// <summary>Never seen before the incident although there was a baseline to see it in.</summary>
    public bool IsNew => BaselineCount == 0;
}

/// <summary>How one metric of one service moved: the value farthest from its past.</summary>
/// <param name="Median">Median before the incident.</param>
/// <param name="Deviation">Median absolute deviation before the incident (unscaled).</param>
/// <param name="Value">Value in the window that lies farthest from the median.</param>
/// <param name="At">When it was measured.</param>
/// <param name="BaselinePoints">Points behind the median; 0 means none.</param>
/// <param name="Stray">How far the same metric strays from its median in all services together: 99 of 100 earlier points lie within; 0 means unknown.</param>
internal sealed record MetricEvidence(
    string Service,
    string Metric,
    string Unit,
    double Median,
    double Deviation,
    double Value,
    DateTimeOffset At,
    int BaselinePoints,
    double Stray = 0)
{
    /// <summary>When it began to rise steadily; null when it does not.</summary>
    public DateTimeOffset? RisesSince { get; init; }
}

/// <summary>A commit, deploy, flag or configuration change near the incident.</summary>
/// <param name="Id">Its full id on the wire (a commit's sha).</param>
/// <param name="Kind">Such as <c>deploy</c>, <c>commit</c>, <c>flag</c>.</param>
/// <param name="Service">Where it took effect; null when it does not say.</param>
/// <param name="Summary">Its message, or what else describes it in a line.</param>
internal sealed record ChangeEvidence(string Id, string Kind, string? Service, DateTimeOffset At, string Summary)
{
    /// <summary><see cref="Source"/> of what nobody reported: the service's own lines tell of it.</summary>
    public const string Logs = "logs";

    /// <summary>Null for what was reported.</summary>
    public string? Source { get; init; }

    /// <summary>A restart without anybody having stopped the process: a symptom.</summary>
    public bool IsCrash { get; init; }

    /// <summary>The commit that a deploy carries.</summary>
    public string? CommitId { get; init; }

    /// <summary>Paths of the files that a commit changed.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Its diff, cut to 16 KiB; null when it was not sent.</summary>
    public string? Diff { get; init; }
}
