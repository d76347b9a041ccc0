using Culprit.Engine.Records;
using Culprit.Server.Export;
using Culprit.Server.Health;

namespace Culprit.Server.Storage;

/// <summary>What a sweep dropped of the record store.</summary>
/// <param name="Pieces">Segments or partitions.</param>
/// <param name="Bytes">Room that it gave back.</param>
internal readonly record struct DroppedRecords(int Pieces, long Rows, long Bytes);

/// <summary>Drops records and events whose time is over, every minute, and says how much room that gave back.</summary>
/// <param name="pieces">What the store drops whole, for health and logs: <c>segments</c>.</param>
internal abstract partial class RetentionService(string pieces, RetentionPolicy policy, TimeProvider clock, ILogger logger) : BackgroundService, IHealthSource
{
    private const int EventsAtOnce = 500;
    private const string Expired = "expired";

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _droppedPieces;
    private long _droppedEvents;
    private long _freedBytes;
    private string? _failure;

    public string Name => "retention";

    /// <summary>Records whose time was over.</summary>
    public StageCounts Stage { get; } = new("retention", Expired);

    public HealthReport Check()
    {
        var (count, bytes) = Held();
        lock (_gate)
        {
            return new HealthReport(_failure is null ? HealthState.Ok : HealthState.Degraded, _failure, new Dictionary<string, object>
            {
                [pieces] = count,
                [pieces[..^1] + "_bytes"] = bytes,
                ["dropped_" + pieces] = _droppedPieces,
                ["dropped_records"] = Stage.DroppedFor(Expired),
                ["dropped_events"] = _droppedEvents,
                ["freed_bytes"] = _freedBytes,
            });
        }
    }

    /// <summary>Does what is due now.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var dropped = await DropRecordsAsync(now, cancellationToken).ConfigureAwait(false);
        if (dropped.Pieces > 0)
        {
            Dropped(logger, dropped.Pieces, pieces, dropped.Rows, dropped.Bytes);
        }

        Stage.In(dropped.Rows);
        Stage.Drop(Expired, dropped.Rows);
        lock (_gate)
        {
            _droppedPieces += dropped.Pieces;
            _freedBytes += dropped.Bytes;
        }

        int events;
        do
        {
            events = await DropEventsAsync(UnixNanos.From(now - policy.Events), EventsAtOnce, cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                _droppedEvents += events;
            }
        }
        while (events == EventsAtOnce);
    }

    protected RetentionPolicy Policy => policy;

    /// <summary>How many pieces there are, and their bytes.</summary>
    protected abstract (int Pieces, long Bytes) Held();

    protected abstract Task<DroppedRecords> DropRecordsAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Drops at most <paramref name="limit"/> events from before a time; how many.</summary>
    protected abstract Task<int> DropEventsAsync(long beforeNanos, int limit, CancellationToken cancellationToken);

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
            catch (StoreUnavailableException e)
            {
                SweepPutOff(logger, e.Message);
                failure = "what is too old could not be dropped: " + e.Message;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The outermost loop: the next round tries again.
                SweepFailed(logger, e);
                failure = "what is too old could not be dropped: " + e.Message;
            }

            lock (_gate)
            {
                _failure = failure;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Count} {Pieces} with {Records} records; {Bytes} bytes are free again")]
    private static partial void Dropped(ILogger logger, int count, string pieces, long records, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is too old could not be dropped; the next try follows in a minute")]
    private static partial void SweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is too old could not be dropped; the next try follows in a minute: {Reason}")]
    private static partial void SweepPutOff(ILogger logger, string reason);
}
