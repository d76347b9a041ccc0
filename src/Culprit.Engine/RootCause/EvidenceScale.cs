using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>Weighs what each service said: how unusual it is for that service, and how much the words tell.</summary>
internal sealed class EvidenceScale(Dossier dossier, CandidateSet candidates)
{
    /// <summary>Below this a service has nothing of its own to answer for.</summary>
    public const double MinOwn = 0.25;

    /// <summary>Who has said nothing for less than this is not silent yet.</summary>
    public static readonly TimeSpan ShortestSilence = TimeSpan.FromMinutes(1);

    private readonly LateStrangers _late = new(dossier);

    /// <summary>Minutes from the start of the incident to now; short ones are stretched so that rates stay finite.</summary>
    public double WindowMinutes { get; } =
        Math.Max((dossier.At - dossier.Incident.StartedAt).TotalMinutes, 0.1);

    public void Weigh(Candidate candidate)
    {
        if (candidate.Evidence is not { } evidence)
        {
            var isFailing = candidate.Traces.Points >= 1;
            candidate.Onset = isFailing ? dossier.Incident.StartedAt : null;
            candidate.Telemetry = isFailing ? Telemetry.Failing : candidate.Kind == CauseKind.Service ? Telemetry.Normal : Telemetry.None;
            return;
        }

        foreach (var pattern in evidence.Patterns
            .Where(p => p.Count > 0 && p.Severity >= Severity.Warn)
            .OrderBy(p => p.FirstAt).ThenBy(p => p.Pattern.Value).ThenBy(p => p.Text, StringComparer.Ordinal))
        {
            candidate.Patterns.Add(Weigh(candidate, evidence, pattern));
        }

        Combine(candidate.Patterns);
        var share = candidate.Patterns.Where(p => p.Gate > 0).Select(p => (DateTimeOffset?)p.Pattern.FirstAt).Min() is { } first ? _late.ShareOf(candidate, first) : 1;
        candidate.Own = Math.Max(candidate.Patterns.Sum(p => p.Mass), share * OverallMass(evidence));
        if (share < 1 && candidate.Metric is { } metric)
        {
            candidate.Metric = metric with { Points = metric.Points * _late.ShareOf(candidate, metric.Metric.RisesSince ?? metric.Metric.At) }; // It shows what the late lines tell.
        }

        candidate.Onset = candidate.Patterns.Where(p => p.Gate >= 0.5).Select(p => (DateTimeOffset?)p.Pattern.FirstAt).Min()
            ?? (candidate.Own >= MinOwn ? evidence.FirstErrorAt : null)
            ?? (candidate.Traces.Points >= 1 ? dossier.Incident.StartedAt : null);
        candidate.Telemetry = TelemetryOf(candidate, evidence);
    }

    private ScoredPattern Weigh(Candidate candidate, ServiceEvidence evidence, PatternEvidence pattern)
    {
        var ordered = pattern with { Samples = [.. pattern.Samples.OrderBy(s => s.TimestampNanos).ThenBy(s => s.Id, StringComparer.Ordinal)] };
        var (sigmas, gate) = RiseOf(ordered.BaselineCount, evidence.BaselineMinutes, ordered.Count);
        var scored = new ScoredPattern(ordered, sigmas, gate, 0, SelfFault.None, [], false);
        if (gate <= 0)
        {
            // Routine lines accuse nobody, and reading them is what a ranking costs.
            return scored;
        }

        var text = scored.Text;
        var blames = BlameExtractor.Extract(text, candidate.Name, candidates.Known);
        var fault = SelfFaults.Find(text);
        var isNamed = blames.Any(b => !b.IsUnspecified);
        (fault, blames) = fault switch
        {
            SelfFault.OutOfMemory or SelfFault.DiskFull or SelfFault.OpenFiles => (fault, []),
            SelfFault.CertificateExpired or SelfFault.Crash or SelfFault.Exception when isNamed => (SelfFault.None, blames),
            SelfFault.None => (fault, blames),
            _ => (fault, blames.Where(b => !b.IsUnspecified).ToList()),
        };
        var isSymptom = fault == SelfFault.None && blames.Count > 0 && blames.All(b => b.IsUnspecified);

        // A warning that speaks of no failure is mostly noise, however often it comes.
        var level = pattern.Severity >= Severity.Error ? 1 : FailureWords.Find(text) is not null || fault != SelfFault.None ? 0.5 : 0.2;
        var mass = _late.ShareOf(candidate, pattern.FirstAt, fault, blames) * level * ((0.6 * Rise.SoftCap(Rise.Saturate(sigmas)))
            + (gate * (Telling(fault, blames, isSymptom) + (pattern.Severity >= Severity.Fatal ? 1 : 0))));
        return scored with { Mass = mass, Fault = fault, Blames = blames, IsSymptom = isSymptom };
    }

    /// <summary>The strongest pattern counts in full, the rest a quarter and together no more: one fault writes many lines.</summary>
    private static void Combine(List<ScoredPattern> patterns)
    {
        if (patterns.Count < 2)
        {
            return;
        }

        var strongest = patterns.MaxBy(p => p.Mass)!;
        var rest = patterns.Sum(p => p.Mass) - strongest.Mass;
        var factor = rest <= 0 ? 0 : Math.Min(0.25, strongest.Mass / rest);
        for (var i = 0; i < patterns.Count; i++)
        {
            patterns[i] = ReferenceEquals(patterns[i], strongest) ? strongest : patterns[i] with { Mass = patterns[i].Mass * factor };
        }
    }

    private (double Sigmas, double Gate) RiseOf(double before, double minutesBefore, double now)
    {
        if (minutesBefore <= 0)
        {
            // Nothing to compare with: as if it had been quiet for as long as the incident lasts, which proves little.
            return (Rise.PoissonRoot(0, WindowMinutes, now, WindowMinutes), 1);
        }

        var sigmas = Rise.PoissonRoot(before, minutesBefore, now, WindowMinutes);
        return (Math.Max(0, sigmas), sigmas < 1 ? 0 : Math.Min(1, sigmas / 2));
    }

    private double OverallMass(ServiceEvidence evidence)
    {
        if (evidence.Errors == 0)
        {
            return 0;
        }

        var (sigmas, gate) = RiseOf(evidence.BaselineErrorsPerMinute * evidence.BaselineMinutes, evidence.BaselineMinutes, evidence.Errors);
        return gate > 0 ? 0.6 * Rise.SoftCap(Rise.Saturate(sigmas)) : 0;
    }

    private static double Telling(SelfFault fault, IReadOnlyList<Blame> blames, bool isSymptom) => fault switch
    {
        SelfFault.None when isSymptom => 0.4,
        SelfFault.None when blames.Count > 0 => blames.Max(b => b.Kind switch
        {
            BlameKind.TimedOut or BlameKind.Certificate or BlameKind.Deadlock => 1.2,
            BlameKind.Denied or BlameKind.Failed => 0.6,
            _ => 1.5,
        }),
        SelfFault.None => 0.5,
        _ => fault.Points(),
    };

    private Telemetry TelemetryOf(Candidate candidate, ServiceEvidence evidence)
    {
        if (candidate.Own >= MinOwn)
        {
            return Telemetry.Failing;
        }

        var patience = Math.Max(ShortestSilence.TotalSeconds, WindowMinutes * 30);
        var isSilent = evidence.Records == 0
            || evidence.LastRecordAt is not { } last
            || (dossier.At - last).TotalSeconds > patience;
        return isSilent ? Telemetry.Silent : Telemetry.Normal;
    }
}
