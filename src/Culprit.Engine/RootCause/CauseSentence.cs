namespace Culprit.Engine.RootCause;

/// <summary>Says the cause in one plain sentence, with names and times.</summary>
internal static class CauseSentence
{
    public static string Of(Candidate cause, IReadOnlyList<Candidate> failing)
    {
        var sentence = Core(cause, failing);
        return cause.Change is { Change: var change } effect && cause.Onset is { } onset
            ? $"{sentence}; {QuotedText.Name(change.Kind)} {QuotedText.Name(change.Id)} took effect there {(effect.At <= onset ? Wording.Span(onset - effect.At) + " before" : "at that time")}"
            : sentence;
    }

    /// <summary>Nothing stands out: says so, and what was looked at.</summary>
    public static string Unclear(IReadOnlyList<Candidate> ranked, int services)
    {
        var looked = $"{services} {(services == 1 ? "service" : "services")}";
        return ranked.Count == 0
            ? $"No clear cause: none of {looked} shows errors beyond what is usual for it"
            : $"No clear cause: of {looked}, none stands out; first to look at: {string.Join(", ", ranked.Take(3).Select(c => QuotedText.Name(c.Name)))}";
    }

    private static string Core(Candidate cause, IReadOnlyList<Candidate> failing)
    {
        var name = QuotedText.Name(cause.Name);
        var own = cause.Patterns.Where(p => p.Mass > 0).OrderByDescending(p => p.Mass).FirstOrDefault();
        if (own is { Fault: not SelfFault.None and not SelfFault.Exception })
        {
            return $"{name} {Admitted(own.Fault)} at {Wording.Time(own.Pattern.FirstAt)}: {QuotedText.Quote(own.Text)}{Lead(cause, own, failing)}";
        }

        var ways = cause.Traces.Findings is [var strongest, ..] && TraceSupport.PointsOf(strongest) >= 1 ? strongest : null;
        if (ways is not null && TraceSupport.PointsOf(ways) > (own?.Mass ?? 0))
        {
            return cause.Kind == CauseKind.Dependency ? $"{name} answers slowly: {ways.Text}" : $"{name} is where requests go wrong: {ways.Text}";
        }

        if (cause.Metric is { IsResource: true, Metric: var metric })
        {
            var said = own is null ? "" : $"; it logged {QuotedText.Quote(own.Text)} first at {Wording.Time(own.Pattern.FirstAt)}";
            return $"{name} is short of a resource: {QuotedText.Name(metric.Metric)} reached {Wording.Number(metric.Value)} at {Wording.Time(metric.At)} against a median of {Wording.Number(metric.Median)}{said}";
        }

        if (cause.FirstComplaint is { } accusation && (own is null || cause.Patterns.TrueForAll(p => p.IsSymptom || p.Gate < 0.5)))
        {
            var callers = cause.Accusers.Select(c => c.Name).Order(StringComparer.Ordinal).ToList();
            var owner = cause.Kind == CauseKind.Dependency
                ? $" (a dependency of {string.Join(" and ", callers.Take(2).Select(QuotedText.Name))}{(callers.Count > 2 ? " and others" : "")})"
                : "";
            var subject = Wording.IsGeneral(cause) ? $"The {cause.Name}" : name;
            return $"{subject}{owner} {Failed(accusation.Blame.Kind)} at {Wording.Time(accusation.Pattern.Pattern.FirstAt)}: "
                + $"{QuotedText.Name(accusation.Caller.Name)} reported {QuotedText.Quote(accusation.Pattern.Text)} first{Lead(accusation.Caller, accusation.Pattern, failing)}";
        }

        if (own is not null)
        {
            return $"{name} began to fail at {Wording.Time(own.Pattern.FirstAt)}: {QuotedText.Quote(own.Text)}, {Wording.Times(own.Pattern.Count)}{Lead(cause, own, failing)}";
        }

        var dependants = failing.Where(c => c.ExplainedBy.Exists(e => e.Callee == cause)).Select(c => QuotedText.Name(c.Name)).ToList();
        return cause.Telemetry == Telemetry.Silent || cause.Telemetry == Telemetry.None
            ? $"{name} probably stopped answering: {string.Join(", ", dependants.Take(3))} depend on it and fail together, and it {(cause.Evidence?.LastRecordAt is { } last ? $"has said nothing since {Wording.Time(last)}" : "says nothing itself")}"
            : $"{name} shows more errors than usual{(cause.Onset is { } onset ? $" since {Wording.Time(onset)}" : "")}";
    }

    private static string Lead(Candidate speaker, ScoredPattern pattern, IReadOnlyList<Candidate> failing)
    {
        var next = failing
            .Where(c => c != speaker && c.Evidence is not null && c.Onset > pattern.Pattern.FirstAt)
            .OrderBy(c => c.Onset).ThenBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault();
        return next is null ? "" : $", {Wording.Span(next.Onset!.Value - pattern.Pattern.FirstAt)} before {QuotedText.Name(next.Name)}";
    }

    private static string Admitted(SelfFault fault) => fault switch
    {
        SelfFault.OutOfMemory => "ran out of memory",
        SelfFault.DiskFull => "ran out of disk space",
        SelfFault.OpenFiles => "ran out of open files",
        SelfFault.Crash => "crashed",
        SelfFault.Deadlock => "ran into a deadlock",
        SelfFault.CertificateExpired => "met an expired certificate",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown fault {(byte)fault}."),
    };

    private static string Failed(BlameKind kind) => kind switch
    {
        BlameKind.Refused => "stopped accepting connections",
        BlameKind.Reset => "dropped connections",
        BlameKind.TimedOut => "stopped answering in time",
        BlameKind.Unavailable => "became unavailable",
        BlameKind.Unresolved => "could no longer be found by its name",
        BlameKind.Denied => "turned its callers away",
        BlameKind.Exhausted => "ran out of connections or quota",
        BlameKind.PoolEmpty => "left its callers without a free connection",
        BlameKind.Slow => "answered slowly",
        BlameKind.Full => "ran out of room",
        BlameKind.Deadlock => "blocked transactions of its callers",
        BlameKind.Certificate => "failed the check of its certificate",
        BlameKind.Failed => "failed requests",
        BlameKind.AnsweredError => "answered with errors",
        BlameKind.BadAnswer => "answered with wrong values",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)kind}."),
    };
}
