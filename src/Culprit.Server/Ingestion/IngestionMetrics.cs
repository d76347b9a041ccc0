using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Culprit.Engine.Ingestion;
using Culprit.Server.Export;
using Culprit.Server.Health;

namespace Culprit.Server.Ingestion;

/// <summary>Counts what came in over HTTP and what became of it: accepted + sampled + duplicates + rejected = sent.</summary>
internal sealed class IngestionMetrics(RecentIds ids, BodyBudget budget) : IHealthSource, IMetricSource
{
    /// <summary>The reasons for which a request is refused, to be sent again later.</summary>
    private static readonly string[] RefusalReasons = ["store_behind", "journal", "memory", "low_priority", "key_quota"];

    private readonly ConcurrentDictionary<string, long> _rejectedByCode = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _refusedByReason =
        new(RefusalReasons.Select(r => KeyValuePair.Create(r, 0L)), StringComparer.Ordinal);

    private long _accepted;
    private long _sampled;
    private long _duplicates;
    private long _rejected;
    private long _acceptedRequests;
    private long _rejectedRequests;
    private long _refusedRequests;

    public string Name => "ingestion";

    public HealthReport Check() => new(HealthState.Ok, null, new Dictionary<string, object>
    {
        ["accepted"] = Interlocked.Read(ref _accepted),
        ["sampled"] = Interlocked.Read(ref _sampled),
        ["duplicates"] = Interlocked.Read(ref _duplicates),
        ["rejected"] = Interlocked.Read(ref _rejected),
        ["refused_requests"] = Interlocked.Read(ref _refusedRequests),
        ["bytes_in_flight"] = budget.Taken,
        ["remembered_ids"] = ids.Count,
    });

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter(
            "culprit.ingest.requests",
            () => new[]
            {
                Labels.Measure(Interlocked.Read(ref _acceptedRequests), "outcome", "accepted"),
                Labels.Measure(Interlocked.Read(ref _rejectedRequests), "outcome", "rejected"),
                Labels.Measure(Interlocked.Read(ref _refusedRequests), "outcome", "refused"),
            },
            "{request}",
            "Requests to POST /events by outcome");
        meter.CreateObservableCounter(
            "culprit.ingest.records", () => Interlocked.Read(ref _accepted), "{record}", "Events accepted and durable");
        meter.CreateObservableCounter(
            "culprit.ingest.sampled", () => Interlocked.Read(ref _sampled), "{record}", "Events accepted and left out by sampling");
        meter.CreateObservableCounter(
            "culprit.ingest.duplicates", () => Interlocked.Read(ref _duplicates), "{record}", "Events whose id was known and that were not taken again");
        meter.CreateObservableCounter(
            "culprit.ingest.rejected",
            () => _rejectedByCode.Select(r => Labels.Measure(r.Value, "reason", r.Key)),
            "{record}",
            "Events rejected for good by code");
        meter.CreateObservableCounter(
            "culprit.ingest.refused",
            () => _refusedByReason.Select(r => Labels.Measure(r.Value, "reason", r.Key)),
            "{request}",
            "Requests refused with 503, or 429 for a key's quota, by reason; the sender should try again");
        meter.CreateObservableGauge("culprit.ingest.in_flight", () => budget.Taken, "By", "Memory that bodies being read take");
    }

    /// <param name="sampled">Accepted and counted, but left out of the journal.</param>
    public void RequestAccepted(int accepted, int duplicates, IReadOnlyList<Rejection> rejected, int sampled = 0)
    {
        Interlocked.Add(ref _sampled, sampled);
        Interlocked.Increment(ref _acceptedRequests);
        Interlocked.Add(ref _accepted, accepted);
        Interlocked.Add(ref _duplicates, duplicates);
        Count(rejected);
    }

    /// <summary>Nothing of it was taken, and a repetition would not change that.</summary>
    /// <param name="rejected">Its events, as far as they could be told apart.</param>
    public void RequestRejected(IReadOnlyList<Rejection> rejected)
    {
        Interlocked.Increment(ref _rejectedRequests);
        Count(rejected);
    }

    /// <summary>Nothing of it was taken, and the sender should come back.</summary>
    /// <param name="reason">A word of ours, never input.</param>
    public void RequestRefused(string reason)
    {
        Interlocked.Increment(ref _refusedRequests);
        _refusedByReason.AddOrUpdate(reason, 1, static (_, count) => count + 1);
    }

    private void Count(IReadOnlyList<Rejection> rejected)
    {
        Interlocked.Add(ref _rejected, rejected.Count);
        foreach (var rejection in rejected)
        {
            _rejectedByCode.AddOrUpdate(rejection.Code, 1, static (_, count) => count + 1);
        }
    }
}
