using Culprit.Engine.Records;
using Culprit.Server.Health;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Makes the partitions that will be needed, and drops those and the events whose time is over, every minute.</summary>
internal sealed partial class PostgresRetention(
    PostgresRecordStore records, PostgresStateStore state, RetentionPolicy policy, RetentionClasses classes, TimeProvider clock,
    ILogger<PostgresRetention> logger)
    : BackgroundService, IHealthSource
{
    private const int EventsAtOnce = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private long _droppedPartitions;
    private long _droppedRecords;
    private long _droppedEvents;
    private long _freedBytes;
    private long _bytes;
    private string? _failure;

    public string Name => "retention";

    /// <summary>Size of all partitions with their indexes, as of the last sweep.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public HealthReport Check()
    {
        lock (_gate)
        {
            return new HealthReport(_failure is null ? HealthState.Ok : HealthState.Degraded, _failure, new Dictionary<string, object>
            {
                ["partitions"] = records.Partitions.Count,
                ["partition_bytes"] = Bytes,
                ["dropped_partitions"] = _droppedPartitions,
                ["dropped_records"] = _droppedRecords,
                ["dropped_events"] = _droppedEvents,
                ["freed_bytes"] = _freedBytes,
            });
        }
    }

    /// <summary>Does what is due now.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var partitions = await records.PreparePartitionsAsync(UnixNanos.From(now + Ahead), cancellationToken).ConfigureAwait(false);
        var sizes = await records.SizesAsync(cancellationToken).ConfigureAwait(false);
        var due = Due(partitions, sizes, now);
        await records.DropAsync(due, cancellationToken).ConfigureAwait(false);
        var freed = due.Sum(p => sizes.GetValueOrDefault(p.Name));
        Interlocked.Exchange(ref _bytes, sizes.Values.Sum() - freed);
        var rows = due.Sum(p => p.Records);
        if (due.Count > 0)
        {
            Dropped(due.Count, rows, freed);
        }

        lock (_gate)
        {
            _droppedPartitions += due.Count;
            _droppedRecords += rows;
            _freedBytes += freed;
        }

        int events;
        do
        {
            events = await state.DropEventsAsync(UnixNanos.From(now - policy.Events), EventsAtOnce, cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                _droppedEvents += events;
            }
        }
        while (events == EventsAtOnce);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            string? failure = null;
            try
            {
                await SweepAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                SweepFailed(e.Message);
                failure = "what is too old could not be dropped: " + e.Message;
            }

            lock (_gate)
            {
                _failure = failure;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    /// <summary>The partitions that must go, the oldest first. One that records still come into stays, however large it is.</summary>
    private List<RecordPartition> Due(IReadOnlyList<RecordPartition> partitions, IReadOnlyDictionary<string, long> sizes, DateTimeOffset now)
    {
        var nanos = UnixNanos.From(now);
        var ended = partitions.Where(p => p.To <= nanos).OrderBy(p => p.From).ToList();
        var due = ended.Where(p => p.MaxReceived < UnixNanos.From(now - policy.KeepOf(classes.NameOf(p.Class)))).ToList();
        var excess = partitions.Except(due).Sum(p => sizes.GetValueOrDefault(p.Name)) - (policy.MaxBytes ?? long.MaxValue);
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

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Partitions} partitions with {Records} records; {Bytes} bytes are free again")]
    private partial void Dropped(int partitions, long records, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is too old could not be dropped; the next try follows in a minute: {Reason}")]
    private partial void SweepFailed(string reason);
}
