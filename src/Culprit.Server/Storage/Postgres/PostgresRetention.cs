using Culprit.Engine.Records;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Makes the partitions that will be needed, and drops those and the events whose time is over.</summary>
internal sealed class PostgresRetention(
    PostgresRecordStore records, PostgresStateStore state, RetentionPolicy policy, RetentionClasses classes, TimeProvider clock,
    ILogger<PostgresRetention> logger)
    : RetentionService("partitions", policy, clock, logger)
{
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private long _bytes;

    /// <summary>Size of all partitions with their indexes, as of the last sweep.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    protected override (int Pieces, long Bytes) Held() => (records.Partitions.Count, Bytes);

    protected override async Task<DroppedRecords> DropRecordsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var partitions = await records.PreparePartitionsAsync(UnixNanos.From(now + Ahead), cancellationToken).ConfigureAwait(false);
        var sizes = await records.SizesAsync(cancellationToken).ConfigureAwait(false);
        var due = Due(partitions, sizes, now);
        await records.DropAsync(due, cancellationToken).ConfigureAwait(false);
        var freed = due.Sum(p => sizes.GetValueOrDefault(p.Name));
        Interlocked.Exchange(ref _bytes, sizes.Values.Sum() - freed);
        return new DroppedRecords(due.Count, due.Sum(p => p.Records), freed);
    }

    protected override Task<int> DropEventsAsync(long beforeNanos, int limit, CancellationToken cancellationToken) =>
        state.DropEventsAsync(beforeNanos, limit, cancellationToken);

    /// <summary>The partitions that must go, the oldest first. One that records still come into stays, however large it is.</summary>
    private List<RecordPartition> Due(IReadOnlyList<RecordPartition> partitions, IReadOnlyDictionary<string, long> sizes, DateTimeOffset now)
    {
        var nanos = UnixNanos.From(now);
        var ended = partitions.Where(p => p.To <= nanos).OrderBy(p => p.From).ToList();
        var due = ended.Where(p => p.MaxReceived < UnixNanos.From(now - Policy.KeepOf(classes.NameOf(p.Class)))).ToList();
        var excess = partitions.Except(due).Sum(p => sizes.GetValueOrDefault(p.Name)) - (Policy.MaxBytes ?? long.MaxValue);
        foreach (var partition in ended.Except(due).ToList())
        {
            if (excess <= 0)
            {
                break;
            }

            due.Add(partition);
            excess -= sizes.GetValueOrDefault(partition.Name);
        }

        return due;
    }
}
