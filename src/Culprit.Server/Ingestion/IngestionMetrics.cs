using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Culprit.Engine.Ingestion;
using Culprit.Server.Export;
using Culprit.Server.Health;

namespace Culprit.Server.Ingestion;

/// <summary>Counts the requests that came in, and what became of the events in them.</summary>
internal sealed class IngestionMetrics(RecentIds ids, BodyBudget budget) : IHealthSource, IMetricSource
{
    /// <summary>The reasons for which a request is refused, to be sent again later.</summary>
    private static readonly string[] RefusalReasons = ["store_behind", "journal", "memory", "low_priority", "key_quota"];

    /// <summary>Why an event of a body that was read becomes no record, besides the codes of rejections.</summary>
    private const string Duplicate = "duplicate";
    private const string Sampled = "sampled";
    private const string NoRecord = "no_record";

    private readonly ConcurrentDictionary<string, long> _refusedByReason =
        new(RefusalReasons.Select(r => KeyValuePair.Create(r, 0L)), StringComparer.Ordinal);

    private long _accepted;
    private long _acceptedRequests;
    private long _rejectedRequests;
    private long _refusedRequests;

    public string Name => "ingestion";

    /// <summary>From events that could be told apart to records that the journal is asked to keep.</summary>
    public StageCounts Stage { get; } = new("intake", Duplicate, Sampled, NoRecord);

    public HealthReport Check()
    {
        var dropped = Stage.Read().Dropped;
        return new HealthReport(HealthState.Ok, null, new Dictionary<string, object>
        {
            ["accepted"] = Interlocked.Read(ref _accepted),
            ["sampled"] = Stage.DroppedFor(Sampled),
            ["duplicates"] = Stage.DroppedFor(Duplicate),
            ["rejected"] = dropped.Where(d => d.Key is not (Sampled or Duplicate or NoRecord)).Sum(d => d.Value),
            ["refused_requests"] = Interlocked.Read(ref _refusedRequests),
            ["bytes_in_flight"] = budget.Taken,
            ["remembered_ids"] = ids.Count,
        });
    }

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
            "culprit.ingest.refused",
            () => _refusedByReason.Select(r => Labels.Measure(r.Value, "reason", r.Key)),
            "{request}",
            "Requests refused with 503, or 429 for a key's quota, by reason; the sender should try again");
        meter.CreateObservableGauge("culprit.ingest.in_flight", () => budget.Taken, "By", "Memory that bodies being read take");
    }

    /// <summary>A body was read: its events are records for the journal, which counts for itself what it refuses, or left out for a reason.</summary>
    /// <param name="arrived">Records and other events that were told apart, before any was taken out again.</param>
    /// <param name="kept">Records that go to the journal.</param>
    /// <param name="sampled">Accepted and counted, but left out of the journal.</param>
    public void Sifted(int arrived, BatchParse parse, int kept, int sampled)
    {
        Stage.In(arrived);
        CountLeftOut(parse);
        Stage.Drop(Sampled, sampled);
        Stage.Out(kept);
    }

    /// <summary>Nothing of a body is taken, for good.</summary>
    /// <param name="left">Records that go because of what is wrong with the whole.</param>
    public void Refused(int arrived, BatchParse parse, int left)
    {
        Stage.In(arrived);
        CountLeftOut(parse);
        Stage.Drop(parse.Fatal?.Code ?? parse.Rejected[0].Code, left);
        RequestRejected();
    }

    /// <param name="kept">Its records, which are durable.</param>
    public void RequestAccepted(int kept)
    {
        Interlocked.Increment(ref _acceptedRequests);
        Interlocked.Add(ref _accepted, kept);
    }

    /// <summary>Nothing of it was taken, and a repetition would not change that.</summary>
    public void RequestRejected() => Interlocked.Increment(ref _rejectedRequests);

    /// <summary>Nothing of it was taken, and the sender should come back.</summary>
    /// <param name="reason">A word of ours, never input.</param>
    public void RequestRefused(string reason)
    {
        Interlocked.Increment(ref _refusedRequests);
        _refusedByReason.AddOrUpdate(reason, 1, static (_, count) => count + 1);
    }

    private void CountLeftOut(BatchParse parse)
    {
        Stage.Drop(Duplicate, parse.Duplicates);
        Stage.Drop(NoRecord, parse.WithoutRecord);
        foreach (var rejection in parse.Rejected)
        {
            Stage.Drop(rejection.Code);
        }
    }
}
