using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;

namespace Culprit.Server.Health;

/// <summary>Asks the components how they are, and puts alerts about this server into the outbox, beside the engine, which may be what is stuck.</summary>
/// <remarks>What is open is read back at the start, so a restart neither repeats an alert nor forgets to resolve it.</remarks>
internal sealed partial class SelfWatch(
    IEnumerable<IHealthSource> sources,
    SelfExam exam,
    SelfAlertBook book,
    IStateStore state,
    AlertPost post,
    SideOutput side,
    TimeProvider clock,
    ILogger<SelfWatch> logger) : BackgroundService
{
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private const int MaxRead = 1000;

    private readonly IHealthSource[] _sources = [.. sources];
    private readonly long _startedAt = clock.GetTimestamp();
    private bool _hasRead;

    /// <summary>One look; a store that does not answer leaves what is due for the next.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!_hasRead)
        {
            await ReadOpenAsync(cancellationToken).ConfigureAwait(false);
            _hasRead = true;
        }

        var reports = _sources.ToDictionary(s => s.Name, s => s.Check(), StringComparer.Ordinal);
        var uptime = clock.GetElapsedTime(_startedAt);
        foreach (var alert in book.Decide(exam.Examine(reports, uptime), uptime, clock.GetUtcNow()))
        {
            await TellAsync(alert, cancellationToken).ConfigureAwait(false);
            book.Keep(alert);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        var isUnable = false;
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
                isUnable = false;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The outermost loop. Only the log is left to tell, once; the next look tries again.
                if (!isUnable)
                {
                    NotTold(e);
                }

                isUnable = true;
            }
        }
    }

    private async Task ReadOpenAsync(CancellationToken cancellationToken)
    {
        var query = new DerivedQuery
        {
            Types = [EventTypes.AlertFiring, EventTypes.AlertUpdated, EventTypes.AlertResolved],
            Environment = SelfAlert.Origin,
            Text = SelfAlert.Mark,
            Limit = MaxRead,
        };
        var told = (await state.FindAsync(query, cancellationToken).ConfigureAwait(false)).Select(r => SelfAlert.Read(r.Event)).OfType<SelfAlert>();
        foreach (var newest in told.GroupBy(a => a.Sign.Id, StringComparer.Ordinal).Select(s => s.MaxBy(a => (a.StartedAt, a.Number))!).Where(a => a.IsOpen))
        {
            book.Keep(newest);
        }
    }

    private async Task TellAsync(SelfAlert alert, CancellationToken cancellationToken)
    {
        Unwell(alert.EventType, alert.Sign.Id, alert.Sign.Observed);
        await side.StoreAsync(post.ToOutput(0, [alert.ToEvent()]), cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Type} about this server ({Sign}): {Observed}")]
    private partial void Unwell(string type, string sign, string observed);

    [LoggerMessage(Level = LogLevel.Critical, Message = "This server cannot raise alerts about itself: the store does not take them; it tries again every two seconds")]
    private partial void NotTold(Exception exception);
}
