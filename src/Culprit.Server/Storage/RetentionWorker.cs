using Culprit.Engine.Records;
using Culprit.Server.Health;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>Drops the segments and events whose time is over, every minute, and says how much room that gave back.</summary>
internal sealed partial class RetentionWorker(
    EmbeddedRecordStore records, EmbeddedStateStore state, RetentionPolicy policy, TimeProvider clock, ILogger<RetentionWorker> logger)
    : BackgroundService, IHealthSource
{
    private const int EventsAtOnce = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _droppedSegments;
    private long _droppedRecords;
    private long _droppedEvents;
    private long _freedBytes;
    private string? _failure;

    public string Name => "retention";

    public HealthReport Check()
    {
        var segments = records.Segments;
        lock (_gate)
        {
            return new HealthReport(_failure is null ? HealthState.Ok : HealthState.Degraded, _failure, new Dictionary<string, object>
            {
                ["segments"] = segments.Count,
                ["segment_bytes"] = segments.Sum(s => s.Bytes),
                ["dropped_segments"] = _droppedSegments,
                ["dropped_records"] = _droppedRecords,
                ["dropped_events"] = _droppedEvents,
                ["freed_bytes"] = _freedBytes,
            });
        }
    }

    /// <summary>Drops what is due now.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        List<Segment> due =
        [
            .. policy.Due(records.Segments, now),
            .. records.Problems.Select(p => p.Segment).Where(s => policy.IsExpired(s, now)),
        ];
        var freed = await records.DropAsync(due, cancellationToken).ConfigureAwait(false);
        if (due.Count > 0)
        {
            var rows = due.Sum(s => s.Rows);
            Dropped(due.Count, rows, freed);
            lock (_gate)
            {
                _droppedSegments += due.Count;
                _droppedRecords += rows;
                _freedBytes += freed;
            }
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
                SweepFailed(e);
                failure = "what is too old could not be dropped: " + e.Message;
            }

            lock (_gate)
            {
                _failure = failure;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Segments} segments with {Records} records; {Bytes} bytes are free again")]
    private partial void Dropped(int segments, long records, long bytes);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is too old could not be dropped; the next try follows in a minute")]
    private partial void SweepFailed(Exception exception);
}
