using Culprit.Engine.Extending;
using Culprit.Engine.Rules;

namespace Culprit.Server.Rules;

/// <summary>Calls handlers for firings: one scope in order, different scopes side by side, failed calls again with growing pauses.</summary>
/// <remarks>
/// Firings wait in memory. They derive from the journal, so after a restart the engine makes those again that followed its
/// last snapshot, and a snapshot is kept back until the firings in it are done; handlers therefore see a firing at least once.
/// </remarks>
internal sealed partial class TriggerDispatcher : BackgroundService
{
    private readonly Dictionary<string, ITriggerHandler> _handlers;
    private readonly ITriggerOutput _output;
    private readonly TriggerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<TriggerDispatcher> _logger;
    private readonly Lock _gate = new();
    private readonly TriggerQueue _queue;
    private TaskCompletionSource _changed = NewSignal();

    public TriggerDispatcher(
        IEnumerable<ITriggerHandler> handlers, ITriggerOutput output, TriggerOptions options, TimeProvider clock,
        ILogger<TriggerDispatcher> logger)
    {
        _handlers = handlers.ToDictionary(h => h.Name, StringComparer.Ordinal);
        _output = output;
        _options = options;
        _clock = clock;
        _logger = logger;
        _queue = new TriggerQueue(options);
    }

    /// <summary>Names that rules may call.</summary>
    public IReadOnlyCollection<string> HandlerNames => _handlers.Keys;

    /// <summary>Firings taken and not yet done, calls under way, and firings refused because too many waited.</summary>
    public (int Waiting, int Running, long Refused) Counts
    {
        get
        {
            lock (_gate)
            {
                return (_queue.Waiting, _queue.Running, _queue.Refused);
            }
        }
    }

    /// <summary>Number of the newest firing taken, and the number up to which every one is done or a dead letter.</summary>
    public (long Posted, long Settled) Progress
    {
        get
        {
            lock (_gate)
            {
                return (_queue.Posted, _queue.Settled);
            }
        }
    }

    /// <summary>True while at most half of the places are taken; for those who can wait.</summary>
    public bool HasRoom => Counts.Waiting <= _options.MaxWaiting / 2;

    /// <summary>Hands over a firing whose rule calls a handler; false when too many wait. A firing that calls nobody is done at once.</summary>
    public bool TryPost(RuleFiring firing)
    {
        if (firing.Rule.Call is null)
        {
            return true;
        }

        bool taken;
        lock (_gate)
        {
            taken = _queue.TryAdd(firing);
        }

        if (taken)
        {
            Volatile.Read(ref _changed).TrySetResult();
        }
        else
        {
            Refused(firing.Rule.Name, firing.ScopeKey);
        }

        return taken;
    }

    /// <summary>Runs until it is stopped; calls under way are cancelled then and awaited.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var calls = new HashSet<Task>();
        try
        {
            while (true)
            {
                stoppingToken.ThrowIfCancellationRequested();

                // The signal is renewed before the queue is looked at: what comes after that look is not missed.
                var changed = NewSignal();
                Volatile.Write(ref _changed, changed);
                calls.RemoveWhere(c => c.IsCompleted);
                TriggerWork? work;
                DateTimeOffset? due;
                lock (_gate)
                {
                    work = _queue.TryTake(_clock.GetUtcNow());
                    due = _queue.NextDue;
                }

                if (work is not null)
                {
                    calls.Add(HandleAsync(work, stoppingToken));
                    continue;
                }

                await WaitAsync(changed.Task, due, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped: what is left is made again by the engine's replay.
        }

        await Task.WhenAll(calls).ConfigureAwait(false);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for a change or the moment at which a paused event is due.</summary>
    private async Task WaitAsync(Task changed, DateTimeOffset? due, CancellationToken cancellationToken)
    {
        if (due is not { } moment)
        {
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var pause = moment - _clock.GetUtcNow();
        if (pause <= TimeSpan.Zero)
        {
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(changed, Task.Delay(pause, _clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task HandleAsync(TriggerWork work, CancellationToken stoppingToken)
    {
        await Task.Yield(); // A handler that works without awaiting must not hold up the loop.
        var result = await CallAsync(work, stoppingToken).ConfigureAwait(false);
        if (stoppingToken.IsCancellationRequested && !result.IsDone)
        {
            return; // Neither failed nor done.
        }

        TriggerOutcome outcome;
        lock (_gate)
        {
            outcome = _queue.Complete(work, result, _clock.GetUtcNow());
        }

        Volatile.Read(ref _changed).TrySetResult();
        switch (outcome)
        {
            case TriggerOutcome.Done:
                break;
            case TriggerOutcome.WillRetry:
                CallFailed(work.Firing.Rule.Call, work.Firing.Id, work.Attempt, result.Reason);
                break;
            case TriggerOutcome.Abandoned:
                ReplayedCallFailed(work.Firing.Rule.Call, work.Firing.Id, result.Reason);
                break;
            case TriggerOutcome.Dead:
                GaveUp(work.Firing.Rule.Call, work.Firing.Id, work.Attempt, result.Reason);
                await DeadLetterAsync(work, result.Reason ?? "failed", stoppingToken).ConfigureAwait(false);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown outcome {outcome}.");
        }
    }

    private async Task<TriggerResult> CallAsync(TriggerWork work, CancellationToken stoppingToken)
    {
        if (!_handlers.TryGetValue(work.Firing.Rule.Call!, out var handler))
        {
            return TriggerResult.Nack($"there is no handler {work.Firing.Rule.Call}");
        }

        using var timeout = new CancellationTokenSource(_options.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
        try
        {
            // A handler that ignores its cancellation is left behind: it would hold its scope for ever.
            var context = new TriggerContext(handler.Name, work);
            var result = await handler.HandleAsync(context, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            if (result.IsDone && context.Events.Count > 0)
            {
                await _output.PublishAsync(work.Firing, context.Events, either.Token).ConfigureAwait(false);
            }

            return result;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return TriggerResult.Nack($"the handler took longer than {_options.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception e)
        {
            // The outermost place of somebody else's code: whatever it throws is a failed call.
            return TriggerResult.Nack($"{e.GetType().Name}: {e.Message}");
        }
    }

    private async Task DeadLetterAsync(TriggerWork work, string reason, CancellationToken stoppingToken)
    {
        try
        {
            await _output.DeadLetterAsync(work, reason, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nothing is left to fall back on but the log.
            DeadLetterLost(work.Firing.Id, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rule {Rule} fired in {Scope}, but too many firings wait for their handlers")]
    private partial void Refused(string rule, string scope);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Handler {Handler} failed for firing {Firing}, attempt {Attempt}: {Reason}")]
    private partial void CallFailed(string? handler, string firing, int attempt, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Handler {Handler} failed for the replayed firing {Firing}, and is not called again for it: {Reason}")]
    private partial void ReplayedCallFailed(string? handler, string firing, string? reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Handler {Handler} failed for firing {Firing} for the last time, attempt {Attempt}: {Reason}")]
    private partial void GaveUp(string? handler, string firing, int attempt, string? reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The dead letter of firing {Firing} could not be kept")]
    private partial void DeadLetterLost(string firing, Exception exception);
}
