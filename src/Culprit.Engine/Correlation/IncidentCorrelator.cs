using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Correlation;

/// <summary>Makes one incident of the anomalies of one fault, and follows it to its end. One environment's.</summary>
internal sealed class IncidentCorrelator(TimeSpan resolveAfter)
{
    /// <summary>Less history than this says nothing about what is usual.</summary>
    private const double MinBaselineMinutes = 0.5;

    /// <summary>What came up for the first time so shortly before the onset that a detector puts down belongs to the trouble: detectors want to be sure.</summary>
    private const long NewsNanos = 120 * UnixNanos.PerSecond;

    /// <summary>Standard deviations by which a service must have more errors than before to count as affected.</summary>
    private const double AffectedSigma = 3;

    /// <summary>An incident that comes back within this time after its end is the same one.</summary>
    private const long ReopenNanos = 15 * 60 * UnixNanos.PerSecond;

    private const int MaxEnded = 32;

    /// <summary>Further anomalies of an incident are published but not listed in it.</summary>
    private const int MaxAnomalies = 200;

    private readonly List<OpenIncident> _open = [];
    private readonly List<OpenIncident> _ended = [];

    public IReadOnlyList<OpenIncident> Open => _open;

    /// <summary>Those that ended a short while ago and may come back.</summary>
    public IReadOnlyList<OpenIncident> Ended => _ended;

    /// <summary>Adds the anomaly to the incident that it belongs to, reopens that, or opens a new one.</summary>
    public (OpenIncident Incident, Arrival Arrival) Add(
        Anomaly anomaly, IReadOnlyDictionary<string, ServiceHistory> history, Relatedness relatedness, long tickNanos)
    {
        var start = UnixNanos.From(anomaly.StartedAt);
        if (Closest(_open, anomaly, relatedness, start) is { } open)
        {
            Join(open, anomaly, relatedness);
            return (open, Arrival.Joined);
        }

        if (!anomaly.IsPlain && Closest(_ended, anomaly, relatedness, start) is { } ended)
        {
            _ended.Remove(ended);
            _open.Add(ended);
            ended.Reopened++;
            ended.OpenedAt = tickNanos;
            ended.Incident = ended.Incident with { State = IncidentState.Open, ResolvedAt = null };
            Join(ended, anomaly, relatedness);
            return (ended, Arrival.Reopened);
        }

        open = new OpenIncident
        {
            IsPlain = anomaly.IsPlain,
            StartNanos = start,
            OpenedAt = tickNanos,
            Incident = new Incident
            {
                Id = ContentId.Of("incident", anomaly.Id),
                Environment = anomaly.Environment,
                State = IncidentState.Open,
                Severity = IncidentSeverity.Medium,
                StartedAt = anomaly.StartedAt,
                DetectedAt = anomaly.DetectedAt,
                LastSeenAt = anomaly.DetectedAt,
                ErrorCount = anomaly.ErrorCount,
                Services = anomaly.Services,
                Anomalies = [anomaly],
                Type = anomaly.Type,
            },
        };
        foreach (var service in history.Values)
        {
            open.Services.Add(service.Service, Track(service, start, tickNanos));
        }

        SetApart(open, relatedness);
        Recount(open);
        _open.Add(open);
        return (open, Arrival.Opened);
    }

    /// <summary>That the trouble of an incident has spread along the calls, once it has; it is listed among the anomalies from then on.</summary>
    public static Anomaly? FindCascade(OpenIncident open, IReadOnlyList<ServiceEdge> edges)
    {
        if (open.IsPlain || open.Incident.Anomalies.Count >= MaxAnomalies || CascadeFinder.Find(open.Incident, new Relatedness(edges)) is not { } cascade)
        {
            return null;
        }

        open.Incident = open.Incident with { Anomalies = [.. open.Incident.Anomalies, cascade] };
        open.IsChanged = true;
        return cascade;
    }

    /// <summary>The type of an incident, now that its causes were ranked: what the first is sure to be says more than what its callers see.</summary>
    /// <remarks>Nobody that is blamed, or the same as before, leaves the type as it is: it must not flicker with the confidence. A plain count is what it is.</remarks>
    /// <param name="blamed">Who is blamed now; null for nobody.</param>
    public static void Retype(OpenIncident open, string? blamed, double confidence, CauseNature nature, Relatedness relatedness)
    {
        if (open.IsPlain || OpenIncident.SuspectOf(blamed, confidence) is not { } suspect)
        {
            return;
        }

        var type = IncidentTyping.OfCause(nature, suspect, open.Incident.Anomalies, relatedness);
        if (type == open.TypeOfCause || (type is null && suspect == open.Blamed))
        {
            return;
        }

        open.TypeOfCause = type;
        open.Incident = open.Incident with { Type = type ?? IncidentTyping.Of(open.Incident.Anomalies, relatedness) };
    }

    /// <summary>What an anomaly tells beside the incidents that are open: itself, itself as a support of one of them, or null when nothing.</summary>
    public Anomaly? Admit(Anomaly found)
    {
        var anomaly = found.YieldsToOthers && _open.Exists(o => o.Incident.Anomalies.Any(a => a is { IsPlain: false, IsSupporting: false, YieldsToOthers: false }))
            ? found with { IsSupporting = true } : found;
        return !anomaly.IsSupporting || Supports(anomaly) ? anomaly : null;
    }

    /// <summary>Services of other incidents of the same time that have nothing to do with this one: what they show is no evidence here.</summary>
    public IReadOnlySet<string> OfOthers(OpenIncident one)
    {
        var others = _open.Concat(_ended)
            .Where(o => o != one && !o.IsPlain && o.Incident.LastSeenAt >= one.Incident.StartedAt && o.Incident.StartedAt <= one.Incident.LastSeenAt)
            .SelectMany(o => o.Incident.Services).ToHashSet(StringComparer.Ordinal);
        others.IntersectWith(one.Apart);
        return others;
    }

    /// <summary>A service is still beyond what is usual: its incidents are not over.</summary>
    public void Keep(string service, long nanos)
    {
        foreach (var open in _open)
        {
            if (!open.IsPlain && (service.Length == 0 || open.Incident.Services.Contains(service, StringComparer.Ordinal)))
            {
                open.Incident = open.Incident with { LastSeenAt = Later(open.Incident.LastSeenAt, UnixNanos.ToTime(nanos)) };
            }
        }
    }

    /// <summary>Counts a digest for every open incident.</summary>
    public void Observe(ServiceDigest digest)
    {
        foreach (var open in _open)
        {
            if (!open.Services.TryGetValue(digest.Service, out var tracked))
            {
                tracked = new TrackedService { Service = digest.Service, BaselineErrorsPerMinute = 0, BaselineMinutes = 0 };
                open.Services.Add(digest.Service, tracked);
            }

            tracked.Records += digest.Records;
            tracked.Errors += digest.Errors;
            tracked.LastNanos = Math.Max(tracked.LastNanos, digest.LastNanos);
            foreach (var count in digest.Patterns)
            {
                Count(tracked, count);
                if (count.Severity.IsError())
                {
                    open.LastErrorNanos = Math.Max(open.LastErrorNanos, count.FirstNanos);
                }
            }

            if (digest.Errors > 0)
            {
                var services = open.Incident.Services.Count;
                Recount(open);
                open.IsChanged |= open.Incident.Services.Count != services;
            }
        }
    }

    /// <summary>Ends the incidents that have been quiet for long enough, and returns them in their last state.</summary>
    /// <param name="isPlainOpen">The plain threshold of the environment is still reached.</param>
    public IReadOnlyList<OpenIncident> Tick(long tickNanos, bool isPlainOpen)
    {
        _ended.RemoveAll(o => tickNanos - UnixNanos.From(o.Incident.ResolvedAt!.Value) > ReopenNanos);
        foreach (var open in _open.Where(o => o.IsPlain && isPlainOpen))
        {
            open.Incident = open.Incident with { LastSeenAt = Later(open.Incident.LastSeenAt, UnixNanos.ToTime(open.LastErrorNanos)) };
        }

        var ended = _open.FindAll(o => !(o.IsPlain && isPlainOpen)
            && tickNanos - Math.Max(UnixNanos.From(o.Incident.LastSeenAt), o.OpenedAt) >= HoldNanos(o));
        foreach (var open in ended)
        {
            open.Incident = open.Incident with { State = IncidentState.Resolved, ResolvedAt = UnixNanos.ToTime(tickNanos) };
            _open.Remove(open);
            _ended.Add(open);
            if (_ended.Count > MaxEnded)
            {
                _ended.RemoveAt(0);
            }
        }

        return ended;
    }

    public void Restore(IEnumerable<OpenIncident> open, IEnumerable<OpenIncident> ended)
    {
        _open.AddRange(open);
        _ended.AddRange(ended);
    }

    /// <summary>Whether an anomaly that opens no incident tells something new of one that is open.</summary>
    private bool Supports(Anomaly anomaly) => _open.Exists(o => !o.IsPlain
        && anomaly.Services.Intersect(o.Incident.Services, StringComparer.Ordinal).Any()
        && !o.Incident.Anomalies.Any(a => a.Id == anomaly.Id));

    /// <summary>Each return doubles the quiet that it takes to end, up to eightfold: what flaps stays one incident.</summary>
    private long HoldNanos(OpenIncident open) => UnixNanos.From(resolveAfter) << Math.Min(open.Reopened, 3);

    private OpenIncident? Closest(List<OpenIncident> incidents, Anomaly anomaly, Relatedness relatedness, long start)
    {
        var reach = UnixNanos.From(resolveAfter);
        OpenIncident? closest = null;
        var best = 0;
        foreach (var incident in incidents)
        {
            if (incident.IsPlain != anomaly.IsPlain || start > UnixNanos.From(incident.Incident.LastSeenAt) + (2 * reach))
            {
                continue;
            }

            var related = anomaly.IsPlain ? 4 : relatedness.Of(incident.Incident, anomaly, incident.Suspect);
            if (related > best)
            {
                (closest, best) = (incident, related);
            }
        }

        return closest;
    }

    private static void Join(OpenIncident open, Anomaly anomaly, Relatedness relatedness)
    {
        var incident = open.Incident;
        var isKnown = incident.Anomalies.Any(a => a.Id == anomaly.Id) || incident.Anomalies.Count >= MaxAnomalies;
        IReadOnlyList<Anomaly> anomalies = isKnown ? incident.Anomalies : [.. incident.Anomalies, anomaly];
        open.Incident = incident with
        {
            Anomalies = anomalies,
            Type = isKnown ? incident.Type : open.TypeOfCause ?? IncidentTyping.Of(anomalies, relatedness),
            LastSeenAt = Later(incident.LastSeenAt, anomaly.DetectedAt),
            Services = [.. incident.Services.Union(anomaly.Services, StringComparer.Ordinal)],
        };
        open.IsChanged = true;
        SetApart(open, relatedness);
    }

    /// <summary>Services that fail at the same time for another reason are not affected by this one.</summary>
    private static void SetApart(OpenIncident open, Relatedness relatedness)
    {
        var failures = relatedness.Failed(open.Incident, open.Suspect);
        open.Apart.Clear();
        open.Apart.UnionWith(open.Services.Keys.Where(s => relatedness.IsApart(s, failures)));
    }

    private static TrackedService Track(ServiceHistory service, long start, long tickNanos)
    {
        var news = service.Patterns.Values.Where(p => p.IsNewSince(start - NewsNanos)).ToHashSet();
        var errors = SecondCount.Since(service.RecentErrors, start) + news.Where(p => p.Severity.IsError()).Sum(p => p.Total - SecondCount.Since(p.Recent, start));
        var minutes = (start - service.SinceNanos) / (60.0 * UnixNanos.PerSecond);
        if (service.SinceNanos == 0 || tickNanos == 0 || minutes < MinBaselineMinutes)
        {
            minutes = 0;
        }

        var tracked = new TrackedService
        {
            Service = service.Service,
            BaselineMinutes = minutes,
            BaselineErrorsPerMinute = minutes > 0 ? (service.Errors - errors) / minutes : 0,
            Records = SecondCount.Since(service.RecentRecords, start),
            Errors = errors,
            LastNanos = service.LastNanos,
        };
        foreach (var pattern in service.Patterns.Values)
        {
            var since = news.Contains(pattern) ? start - NewsNanos : start;
            var within = pattern.Recent.Where(c => c.AtNanos >= since).ToList();
            var count = within.Sum(c => c.Count);
            var entry = new TrackedPattern
            {
                Pattern = pattern.Pattern,
                BaselineCount = pattern.Total - count,
                Severity = pattern.Severity,
                Count = count,
                FirstNanos = within.Count > 0 ? within.Min(c => c.AtNanos) : long.MaxValue,
                Samples = [.. pattern.Samples.Where(s => s.TimestampNanos >= since).OrderBy(s => s.TimestampNanos).Take(3)],
            };
            tracked.Patterns.Add(new PatternId(pattern.Pattern).ToString(), entry);
        }

        tracked.FirstErrorNanos = FirstError(tracked);
        return tracked;
    }

    private static void Count(TrackedService tracked, PatternCount count)
    {
        var key = count.Pattern.ToString();
        if (!tracked.Patterns.TryGetValue(key, out var pattern))
        {
            if (tracked.Patterns.Count >= ServiceHistory.MaxPatterns)
            {
                return;
            }

            pattern = new TrackedPattern { Pattern = count.Pattern.Value, BaselineCount = 0 };
            tracked.Patterns.Add(key, pattern);
        }

        pattern.Count += count.Count;
        pattern.Severity = count.Severity > pattern.Severity ? count.Severity : pattern.Severity;
        pattern.FirstNanos = Math.Min(pattern.FirstNanos, count.FirstNanos);
        if (pattern.Samples.Count < 3)
        {
            pattern.Samples.Add(count.Sample);
        }

        if (count.Severity.IsError())
        {
            tracked.FirstErrorNanos = Math.Min(tracked.FirstErrorNanos ?? long.MaxValue, count.FirstNanos);
        }
    }

    private static long? FirstError(TrackedService tracked)
    {
        var firsts = tracked.Patterns.Values.Where(p => p.Severity.IsError() && p.Count > 0).Select(p => p.FirstNanos).ToList();
        return firsts.Count > 0 ? firsts.Min() : null;
    }

    /// <summary>Affected are the services whose errors are more than their baseline explains.</summary>
    private static void Recount(OpenIncident open)
    {
        var affected = open.Services.Values.Where(s => IsAffected(s) && !open.Apart.Contains(s.Service)).ToList();
        open.Incident = open.Incident with
        {
            ErrorCount = affected.Sum(s => s.Errors),
            Services =
            [
                .. affected.OrderBy(s => s.FirstErrorNanos ?? long.MaxValue).ThenBy(s => s.Service, StringComparer.Ordinal)
                    .Select(s => s.Service)
                    .Union(open.Incident.Services, StringComparer.Ordinal),
            ],
        };

        bool IsAffected(TrackedService s)
        {
            if (s.BaselineMinutes <= 0)
            {
                return s.Errors > 0;
            }

            var minutes = Math.Max(1.0 / 60, (s.LastNanos - open.StartNanos) / (60.0 * UnixNanos.PerSecond));
            return s.Errors > 0 && LikelihoodRatio.OfRates(
                s.BaselineErrorsPerMinute * s.BaselineMinutes, s.BaselineMinutes, s.Errors, minutes) >= AffectedSigma;
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}

/// <summary>What an anomaly did to the incident that it came to.</summary>
internal enum Arrival
{
    Opened,
    Joined,
    Reopened,
}
