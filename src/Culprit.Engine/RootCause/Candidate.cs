using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>One service or dependency that may be the cause, with what the ranker found out about it.</summary>
/// <remarks>Lives for one ranking.</remarks>
internal sealed class Candidate(string name, string node, CauseKind kind, ServiceEvidence? evidence)
{
    /// <summary>As the sender writes it; for a dependency its node name.</summary>
    public string Name { get; } = name;

    public string Node { get; } = node;

    public CauseKind Kind { get; } = kind;

    public ServiceEvidence? Evidence { get; } = evidence;

    public List<ScoredPattern> Patterns { get; } = [];

    /// <summary>What other services say about it, one entry per pattern.</summary>
    public List<Accusation> Accusations { get; } = [];

    /// <summary>Whom it accuses, one entry per pattern and peer.</summary>
    public List<Accusation> Accuses { get; } = [];

    /// <summary>Callees whose trouble explains its errors without being named, with the share that they take.</summary>
    public List<(Candidate Callee, double Share, string Reason)> ExplainedBy { get; } = [];

    /// <summary>Evidence of its own before any was passed on.</summary>
    public double Own { get; set; }

    /// <summary>Evidence after blame was passed on, own and received.</summary>
    public double Kept { get; set; }

    /// <summary>Failing and slow requests, its own and those of services that lay theirs at its door, in points.</summary>
    public double Shown { get; set; }

    /// <summary>Metrics of time, errors and whatever waits, likewise.</summary>
    public double Waiting { get; set; }

    public DateTimeOffset? Onset { get; set; }

    public MetricShift? Metric { get; set; }

    /// <summary>What traces say of it.</summary>
    public TraceSupport Traces { get; set; } = TraceSupport.None;

    /// <summary>Whose answers its time went by waiting for, as its own spans show; null for nobody's.</summary>
    public Candidate? WaitedFor { get; set; }

    public ChangeEffect? Change { get; set; }

    public double Score { get; set; }

    public SelfFault Fault => Patterns.Where(p => p.Gate >= 0.5).Select(p => p.Fault).OrderByDescending(f => f.Points()).FirstOrDefault();

    /// <summary>A cloud runs it for everybody: something can be done about it only where it is missed.</summary>
    public bool IsHosted => Kind == CauseKind.Dependency
        && (InfrastructureWords.Of(Name) ?? (Name.EndsWith(".amazonaws.com", StringComparison.Ordinal) ? InfrastructureWords.OfNode(Name) : null)) is { IsHosted: true };

    /// <summary>The earliest complaint that counts against it; null when there is none.</summary>
    public Accusation? FirstComplaint => Accusations.Where(a => a.Share >= 0.3)
        .OrderBy(a => a.Pattern.Pattern.FirstAt).ThenByDescending(a => a.Share * a.Pattern.Mass).ThenBy(a => a.Caller.Name, StringComparer.Ordinal).FirstOrDefault();

    public IEnumerable<Candidate> Accusers => Accusations.Select(a => a.Caller).Distinct();

    public Telemetry Telemetry { get; set; }
}

/// <summary>What a candidate's own telemetry says about its health.</summary>
internal enum Telemetry : byte
{
    /// <summary>It sends none, as databases and providers do.</summary>
    None = 0,

    /// <summary>It used to log and does not any more.</summary>
    Silent = 1,

    /// <summary>It logs without unusual errors.</summary>
    Normal = 2,

    /// <summary>It logs unusual errors of its own.</summary>
    Failing = 3,
}

/// <summary>One pattern of the caller blames the callee.</summary>
/// <param name="Share">Part of the pattern's evidence that passes to the callee, 0 to 1.</param>
/// <param name="IsNamed">The message names this node; false when a class word was mapped to a declared dependency.</param>
internal sealed record Accusation(Candidate Caller, Candidate Callee, ScoredPattern Pattern, Blame Blame, double Share, bool IsNamed);
