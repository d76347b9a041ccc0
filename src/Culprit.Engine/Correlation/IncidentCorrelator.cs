using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.Correlation;

/// <summary>Makes one incident of the anomalies of one fault, and follows it to its end. One environment's.</summary>
internal sealed class IncidentCorrelator(TimeSpan resolveAfter)
{
    /// <summary>Less history than this says nothing about what is usual.</summary>
    private const double MinBaselineMinutes = 1;

    private readonly List<OpenIncident> _open = [];

    public IReadOnlyList<OpenIncident> Open => _open;

    /// <summary>Adds the anomaly to the open incident that it belongs to, or opens one.</summary>
    /// <returns>The incident, and whether it is new.</returns>
    public (OpenIncident Incident, bool IsNew) Add(Anomaly anomaly, IReadOnlyDictionary<string, ServiceHistory> history, long tickNanos)
    {
        var open = _open.Find(o => o.IsPlain == anomaly.IsPlain);
        if (open is not null)
        {
            var incident = open.Incident;
            open.Incident = incident with
            {
                Anomalies = incident.Anomalies.Any(a => a.Id == anomaly.Id) ? incident.Anomalies : [.. incident.Anomalies, anomaly],
                LastSeenAt = Later(incident.LastSeenAt, anomaly.DetectedAt),
                Services = [.. incident.Services.Union(anomaly.Services, StringComparer.Ordinal)],
            };
            open.IsChanged = true;
            return (open, false);
        }

        var start = UnixNanos.From(anomaly.StartedAt);
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
            },
        };
        foreach (var service in history.Values)
        {
            open.Services.Add(service.Service, Track(service, start, tickNanos));
        }

        Recount(open);
        _open.Add(open);
        return (open, true);
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
    /// <param name="anyScopeOpen">An error scope of the environment is still above its limit.</param>
    public IReadOnlyList<OpenIncident> Tick(long tickNanos, bool anyScopeOpen)
    {
        if (anyScopeOpen)
        {
            foreach (var open in _open)
            {
                var last = UnixNanos.ToTime(open.LastErrorNanos);
                open.Incident = open.Incident with { LastSeenAt = Later(open.Incident.LastSeenAt, last) };
            }

            return [];
        }

        var ended = _open.FindAll(o => tickNanos - Math.Max(UnixNanos.From(o.Incident.LastSeenAt), o.OpenedAt) >= UnixNanos.From(resolveAfter));
        foreach (var open in ended)
        {
            open.Incident = open.Incident with { State = IncidentState.Resolved, ResolvedAt = UnixNanos.ToTime(tickNanos) };
            _open.Remove(open);
        }

        return ended;
    }

    public void Restore(IEnumerable<OpenIncident> open) => _open.AddRange(open);

    private static TrackedService Track(ServiceHistory service, long start, long tickNanos)
    {
        var errors = SecondCount.Since(service.RecentErrors, start);
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
            var within = pattern.Recent.Where(c => c.AtNanos >= start).ToList();
            var count = within.Sum(c => c.Count);
            var entry = new TrackedPattern
            {
                Pattern = pattern.Pattern,
                BaselineCount = pattern.Total - count,
                Severity = pattern.Severity,
                Count = count,
                FirstNanos = within.Count > 0 ? within.Min(c => c.AtNanos) : long.MaxValue,
                Samples = [.. pattern.Samples.Where(s => s.TimestampNanos >= start).OrderBy(s => s.TimestampNanos).Take(3)],
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
        var affected = open.Services.Values.Where(IsAffected).ToList();
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
            var minutes = Math.Max(1.0 / 60, (s.LastNanos - open.StartNanos) / (60.0 * UnixNanos.PerSecond));
            var expected = s.BaselineErrorsPerMinute * minutes;
            return s.Errors > 0 && s.Errors > expected + (3 * Math.Sqrt(expected));
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
