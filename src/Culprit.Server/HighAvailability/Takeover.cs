using System.Data.Common;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>Waits while another server is active, takes over when that one is dead or has stopped, and holds on to the right from then on.</summary>
/// <remarks>
/// There is no way back: an active server that was replaced ends, and whoever supervises it starts it again, as the standby.
/// </remarks>
internal sealed partial class Takeover(
    PostgresLease lease,
    PostgresDatabase database,
    PostgresRecordStore records,
    SharedLogTable table,
    SharedLog log,
    RecordFeed feed,
    ServerRole role,
    StopReason reason,
    IServiceProvider services,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<Takeover> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(2);

    private IReadOnlyList<IHostedService> _active = [];
    private volatile bool _isStopping;

    /// <summary>Stops the engine and what hangs on it, the last one first, then gives up the right.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        foreach (var service in _active.Reverse())
        {
            await StopAsync(service, cancellationToken).ConfigureAwait(false);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (database.Epoch > 0)
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await WaitForTurnAsync(stoppingToken).ConfigureAwait(false);
            await BeginAsync(stoppingToken).ConfigureAwait(false);
            await HoldOnAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (StoreFencedException e)
        {
            Replaced(e.Message);
            End();
        }
        catch (Exception e)
        {
            // The outermost loop: a server that is neither active nor waits for its turn is of no use.
            Failed(e);
            End();
        }
    }

    private static bool IsPassing(Exception e) => e is not StoreFencedException and DbException;

    private async Task WaitForTurnAsync(CancellationToken cancellationToken)
    {
        var expiry = new LeaseExpiry(clock);
        var seen = "";
        while (true)
        {
            try
            {
                var state = await lease.LookAsync(cancellationToken).ConfigureAwait(false);
                role.Saw(state.IsHeld ? state.Holder : "nobody");
                if (expiry.Look(state) && await lease.TryTakeOverAsync(role.Name, state, cancellationToken).ConfigureAwait(false))
                {
                    TookOver(database.Epoch, state.IsHeld ? $"{state.Holder}, which no longer answers" : "nobody");
                    return;
                }

                if (state.IsHeld && seen != state.Holder)
                {
                    seen = state.Holder;
                    StandingBy(seen);
                }
            }
            catch (Exception e) when (IsPassing(e) || PostgresFailures.ArePassing(e))
            {
                expiry.Fail();
            }

            await Task.Delay(LookInterval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up what the other one left, and starts the engine.</summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await InsistAsync(
            async () =>
            {
                await lease.KeepAsync(cancellationToken).ConfigureAwait(false);
                await records.TakeOverAsync(cancellationToken).ConfigureAwait(false);
                log.Grew(await table.LastAsync(cancellationToken).ConfigureAwait(false));
            },
            cancellationToken).ConfigureAwait(false);
        feed.LeaveToEngine(records.AppliedSequence);
        _active = ActiveServices.Make(services);
        await InsistAsync(() => LoadAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (var service in _active.TakeWhile(_ => !_isStopping))
        {
            // Not under the token of this service: each is stopped by itself, in order.
            await service.StartAsync(CancellationToken.None).ConfigureAwait(false);
            Watch(service);
        }

        // Only now: who is told that it is active may ask the engine, or stop it.
        role.Become(active: true);
    }

    /// <summary>What those that start must have read before any of them does; the host does this for those that it starts itself.</summary>
    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _active.OfType<IHostedLifecycleService>())
        {
            await service.StartingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task InsistAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await work().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (IsPassing(e) || PostgresFailures.ArePassing(e))
            {
                await Task.Delay(LookInterval, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task HoldOnAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RenewInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (!await lease.KeepAsync(cancellationToken).ConfigureAwait(false))
                {
                    throw new StoreFencedException("Another server has taken over.");
                }
            }
            catch (Exception e) when (IsPassing(e) || PostgresFailures.ArePassing(e))
            {
                // The database is away; whether another took over meanwhile shows when it is back.
            }
        }
    }

    /// <summary>The host does this for those that it starts itself.</summary>
    private void Watch(IHostedService service)
    {
        if (service is BackgroundService { ExecuteTask: { } running })
        {
            _ = running.ContinueWith(
                ended =>
                {
                    Broke(service.GetType().Name, ended.Exception!);
                    End();
                },
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }
    }

    private async Task StopAsync(IHostedService service, CancellationToken cancellationToken)
    {
        try
        {
            await service.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The others are to be stopped all the same.
            NotStopped(service.GetType().Name, e);
        }
    }

    private async Task ReleaseAsync()
    {
        using var patience = new CancellationTokenSource(ReleasePatience, clock);
        try
        {
            await lease.ReleaseAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or OperationCanceledException || PostgresFailures.ArePassing(e))
        {
            NotReleased(e.Message);
        }
    }

    private void End()
    {
        reason.Fail();
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This server is the standby of {Active}: it takes events, and takes over when that one ends")]
    private partial void StandingBy(string active);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This server is active now, under epoch {Epoch}. Before it was {Before}")]
    private partial void TookOver(long epoch, string before);

    [LoggerMessage(Level = LogLevel.Critical, Message = "This server was replaced and ends; started again it is the standby. What it has not yet shipped is on its disk, and is shipped then. {Reason}")]
    private partial void Replaced(string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "This server can be neither active nor standby, and ends")]
    private partial void Failed(Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Service} broke down: this server ends, and another takes over")]
    private partial void Broke(string service, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Service} could not be stopped")]
    private partial void NotStopped(string service, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The right to run could not be given up; another server waits until it has run out: {Reason}")]
    private partial void NotReleased(string reason);
}
