using Culprit.Engine.Storage;
using Culprit.Server.Detection;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Moves annotated records into the store, and lets the journal forget what store and engine no longer need.</summary>
internal sealed partial class StoreWriter(
    IRecordStore records, IJournal journal, EngineProgress progress, TimeProvider clock, ILogger<StoreWriter> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await records.FlushAsync(all: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nothing is lost: the journal still has what could not be written.
            FlushFailed(e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var pause = Pause;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(false);
            try
            {
                await records.FlushAsync(all: false, stoppingToken).ConfigureAwait(false);
                journal.Trim(progress.SnapshotSequence); // A snapshot is only saved when the store has all its records.
                pause = Pause;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                FlushFailed(e);
                pause = PauseAfterFailure;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Records could not be written to the store; the journal keeps them and the next try follows")]
    private partial void FlushFailed(Exception exception);
}
