using System.Diagnostics.Metrics;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>Merges small segments in the background, a few soon after the start and a few a minute, one after the other.</summary>
internal sealed partial class CompactionWorker(
    EmbeddedRecordStore records, RetentionPolicy policy, TimeProvider clock, ILogger<CompactionWorker> logger)
    : BackgroundService, IHealthSource, IMetricSource
{
    private const int MergesAtOnce = 4;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Each stop leaves a small segment, and a server that is restarted again and again may never live for a minute.
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private long _merged;
    private long _mergedRecords;
    private string? _failure;

    public string Name => "compaction";

    public HealthReport Check()
    {
        lock (_gate)
        {
            return new HealthReport(_failure is null ? HealthState.Ok : HealthState.Degraded, _failure, new Dictionary<string, object>
            {
                ["merged_segments"] = _merged,
                ["merged_records"] = _mergedRecords,
            });
        }
    }

    public void Register(Meter meter) => meter.CreateObservableCounter(
        "culprit.compaction.records", () => Interlocked.Read(ref _mergedRecords), "{record}", "Records that were written again in larger segments");

    /// <summary>Merges what is due now, up to a limit.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        for (var n = 0; n < MergesAtOnce && records.NextMerge(policy.KeepOf, clock.GetUtcNow()) is { Count: > 0 } segments; n++)
        {
            if (await records.MergeAsync(segments, cancellationToken).ConfigureAwait(false) is { } merged)
            {
                Merged(segments.Count, merged.Rows);
                lock (_gate)
                {
                    _merged += segments.Count;
                    _mergedRecords += merged.Rows;
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FirstAfter, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            timer.Period = Interval;
            string? failure = null;
            try
            {
                await CompactAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                CompactionFailed(e);
                failure = "small segments could not be merged: " + e.Message;
            }

            lock (_gate)
            {
                _failure = failure;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Merged {Segments} segments into one of {Records} records")]
    private partial void Merged(int segments, long records);

    [LoggerMessage(Level = LogLevel.Error, Message = "Small segments could not be merged; nothing is lost, and the next try follows in a minute")]
    private partial void CompactionFailed(Exception exception);
}
