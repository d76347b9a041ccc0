using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Delivers what is in the outbox: at least once, in order per incident, every sink at its own pace.</summary>
internal sealed partial class AlertDispatcher : BackgroundService
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly IAlertLane[] _lanes;
    private readonly AlertSignal _signal;
    private readonly TimeProvider _clock;
    private readonly ILogger<AlertDispatcher> _logger;

    /// <param name="sinksToTell">Whom to tell that the sink of a name fails.</param>
    public AlertDispatcher(
        IStateStore state,
        IEnumerable<IAlertSink> sinks,
        Func<string, IReadOnlyList<string>> sinksToTell,
        AlertGate gate,
        AlertSignal signal,
        AlertMetrics metrics,
        TimeProvider clock,
        ILoggerFactory loggers)
    {
        _signal = signal;
        _clock = clock;
        _logger = loggers.CreateLogger<AlertDispatcher>();
        var watch = new DeliveryWatch(state, signal, sinksToTell, clock);
        var surrender = new Surrender(state, watch, metrics, clock, loggers.CreateLogger<Surrender>());
        var all = sinks.ToDictionary(s => s.Name, StringComparer.Ordinal);
        _lanes =
        [
            .. all.Values.Select(s => new SinkLane(s, state, gate, surrender, watch, metrics, clock, loggers.CreateLogger<SinkLane>())),
            new RemovedSinks(all.Keys.ToHashSet(StringComparer.Ordinal), state, surrender),
        ];
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>

        // A thread each: stores and the console may work without awaiting, and must not hold up another lane.
        Task.WhenAll(_lanes.Select(lane => Task.Run(() => RunAsync(lane, stoppingToken), CancellationToken.None)));

    private async Task RunAsync(IAlertLane lane, CancellationToken stoppingToken)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                stoppingToken.ThrowIfCancellationRequested();
                var woken = _signal.Next;
                TimeSpan? pause;
                try
                {
                    pause = await lane.ServeAsync(stoppingToken).ConfigureAwait(false);
                    failures = 0;
                }
                catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
                {
                    throw;
                }
                catch (Exception e)
                {
                    // The outermost loop: the state store failed (a full disk, say). What was not written down is delivered again.
                    LaneFailed(lane.Name, e);
                    pause = RetrySchedule.Backoff(failures++);
                    woken = new TaskCompletionSource().Task; // Only the pause counts: news must not make it try faster.
                }

                await WaitAsync(woken, pause, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped: what is left waits in the outbox.
        }
    }

    private async Task WaitAsync(Task woken, TimeSpan? pause, CancellationToken cancellationToken)
    {
        if (pause is not { } wait)
        {
            await woken.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        // Not longer than the longest pause between tries: the wall clock may be set back meanwhile. Not shorter than a timer
        // counts: what it takes for nothing would have the lane look again and again until the time has come.
        wait = wait < ShortestWait ? ShortestWait : wait < RetrySchedule.LongestBackoff ? wait : RetrySchedule.LongestBackoff;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(woken, Task.Delay(wait, _clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Delivering alerts ({Lane}) failed; it goes on after a pause")]
    private partial void LaneFailed(string lane, Exception exception);
}
