using System.Diagnostics.Metrics;
using Culprit.Server.Health;

namespace Culprit.Server.Ingestion;

/// <summary>Counts what came in over HTTP and what became of it: accepted + sampled + duplicates + rejected = sent.</summary>
internal sealed class IngestionMetrics : IHealthSource, IDisposable
{
    private readonly Meter _meter = new("Culprit");
    private readonly Counter<long> _records;
    private readonly RecentIds _ids;
    private readonly BodyBudget _budget;
    private long _accepted;
    private long _sampled;
    private long _duplicates;
    private long _rejected;
    private long _refusedRequests;

    public IngestionMetrics(RecentIds ids, BodyBudget budget)
    {
        _ids = ids;
        _budget = budget;
        _records = _meter.CreateCounter<long>("culprit.ingestion.records", "{record}", "Events received over HTTP, by outcome");
    }

    public string Name => "ingestion";

    public HealthReport Check() => new(HealthState.Ok, null, new Dictionary<string, object>
    {
        ["accepted"] = Interlocked.Read(ref _accepted),
        ["sampled"] = Interlocked.Read(ref _sampled),
        ["duplicates"] = Interlocked.Read(ref _duplicates),
        ["rejected"] = Interlocked.Read(ref _rejected),
        ["refused_requests"] = Interlocked.Read(ref _refusedRequests),
        ["bytes_in_flight"] = _budget.Taken,
        ["remembered_ids"] = _ids.Count,
    });

    /// <param name="sampled">Accepted and counted, but left out of the journal.</param>
    public void Count(int accepted, int duplicates, int rejected, int sampled = 0)
    {
        Add(ref _sampled, sampled, "sampled");
        Add(ref _accepted, accepted, "accepted");
        Add(ref _duplicates, duplicates, "duplicate");
        Add(ref _rejected, rejected, "rejected");
    }

    public void RequestRefused() => Interlocked.Increment(ref _refusedRequests);

    public void Dispose() => _meter.Dispose();

    private void Add(ref long total, int count, string outcome)
    {
        if (count > 0)
        {
            Interlocked.Add(ref total, count);
            _records.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}
