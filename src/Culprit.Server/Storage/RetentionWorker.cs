using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>Drops the segments and events whose time is over.</summary>
internal sealed class RetentionWorker(
    EmbeddedRecordStore records, EmbeddedStateStore state, RetentionPolicy policy, TimeProvider clock, ILogger<RetentionWorker> logger)
    : RetentionService("segments", policy, clock, logger)
{
    protected override (int Pieces, long Bytes) Held()
    {
        var segments = records.Segments;
        return (segments.Count, segments.Sum(s => s.Bytes));
    }

    protected override async Task<DroppedRecords> DropRecordsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<Segment> due =
        [
            .. Policy.Due(records.Segments, now),
            .. records.Problems.Select(p => p.Segment).Where(s => Policy.IsExpired(s, now)),
        ];
        var freed = await records.DropAsync(due, cancellationToken).ConfigureAwait(false);
        return new DroppedRecords(due.Count, due.Sum(s => s.Rows), freed);
    }

    protected override Task<int> DropEventsAsync(long beforeNanos, int limit, CancellationToken cancellationToken) =>
        state.DropEventsAsync(beforeNanos, limit, cancellationToken);
}
