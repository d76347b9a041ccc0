using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The right to run on a database: a lock that lives as long as a session of its own, and an epoch that outlives it.</summary>
/// <remarks>
/// The lock keeps a second server from starting. The epoch is what makes it safe: a server that lost its session, in
/// a frozen machine say, finds another epoch at its next write and writes nothing.
/// </remarks>
internal sealed class PostgresLease : IAsyncDisposable
{
    private const long OwnerLock = 0x63756c70_0003;

    private const string TryLock = "SELECT pg_try_advisory_lock($1)";
    private const string Owner = "SELECT epoch, holder, renewals, is_held, is_shared FROM lease";
    private const string Renew = "UPDATE lease SET renewals = renewals + 1 WHERE epoch = $1";
    private const string Release = "UPDATE lease SET is_held = false WHERE epoch = $1";
    private const string IsLocked = "SELECT NOT pg_try_advisory_xact_lock($1)";

    // A database notices the end of a killed server's session at once, that of a lost machine later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly PostgresDatabase _database;
    private NpgsqlConnection? _session;

    /// <summary>One that is not held yet.</summary>
    public PostgresLease(PostgresDatabase database) => _database = database;

    /// <summary>Waits a while for the lock, then takes over.</summary>
    /// <exception cref="StoreRefusedException">Another server runs on the database.</exception>
    public static async Task<PostgresLease> AcquireAsync(
        PostgresDatabase database, string holder, TimeProvider clock, CancellationToken cancellationToken)
    {
        var lease = new PostgresLease(database);
        try
        {
            for (var start = clock.GetTimestamp(); !await lease.TryLockAsync(cancellationToken).ConfigureAwait(false);)
            {
                if (clock.GetElapsedTime(start) > Patience)
                {
                    var other = await lease.OwnerAsync(cancellationToken).ConfigureAwait(false);
                    throw new StoreRefusedException(
                        $"Another Culprit ({other?.Holder}) runs on {database.Url.Name}: stop it, or use another database.");
                }

                await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
            }

            await database.TakeOverAsync(holder, cancellationToken).ConfigureAwait(false);
            return lease;
        }
        catch (Exception e)
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            if (PostgresFailures.ArePassing(e))
            {
                throw new StoreUnavailableException($"{database.Url.Name} does not answer: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>Renews the right, with a new session if the old one ended.</summary>
    /// <returns>False when another server has taken over.</returns>
    public async Task<bool> KeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TryLockAsync(cancellationToken).ConfigureAwait(false);
            return await ExecuteAsync(Renew, cancellationToken).ConfigureAwait(false) > 0;
        }
        catch
        {
            await EndSessionAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Who has the right, as a server sees it that may take it over.</summary>
    public async Task<LeaseState> LookAsync(CancellationToken cancellationToken) =>
        await OwnerAsync(cancellationToken).ConfigureAwait(false) ?? LeaseState.Nobody;

    /// <summary>True while a server that shares the database with nobody runs on it.</summary>
    public async Task<bool> IsHeldAloneAsync(CancellationToken cancellationToken) =>
        await LookAsync(cancellationToken).ConfigureAwait(false) is { IsShared: false }
        && await _database.ReadAsync(c => Sql.ScalarAsync(c, IsLocked, [OwnerLock], cancellationToken), cancellationToken).ConfigureAwait(false) is true;

    /// <summary>Takes the right from a server that is dead or has given it up; false when that, or another one, was quicker.</summary>
    /// <remarks>A server that is frozen keeps its sessions: they are ended, and what it had not committed is undone.</remarks>
    public async Task<bool> TryTakeOverAsync(string holder, LeaseState from, CancellationToken cancellationToken)
    {
        if (await LookAsync(cancellationToken).ConfigureAwait(false) != from)
        {
            return false;
        }

        await _database.EndHoldersAsync(OwnerLock, cancellationToken).ConfigureAwait(false);
        return await _database.TakeOverAsync(holder, from, isShared: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the right up, so that another need not wait until it has run out.</summary>
    public Task ReleaseAsync(CancellationToken cancellationToken) => ExecuteAsync(Release, cancellationToken);

    public async ValueTask DisposeAsync() => await EndSessionAsync().ConfigureAwait(false);

    /// <summary>True when the lock is ours, by now or already.</summary>
    private async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        if (_session is not null)
        {
            return true;
        }

        var session = await _database.ConnectApartAsync(cancellationToken).ConfigureAwait(false);
        if (await Sql.ScalarAsync(session, TryLock, [OwnerLock], cancellationToken).ConfigureAwait(false) is true)
        {
            _session = session;
            return true;
        }

        await session.DisposeAsync().ConfigureAwait(false);
        return false;
    }

    // In its own session, if there is one: so its end is noticed.
    private async Task<LeaseState?> OwnerAsync(CancellationToken cancellationToken) => _session is { } session
        ? await OwnerAsync(session, cancellationToken).ConfigureAwait(false)
        : await _database.ReadAsync(c => OwnerAsync(c, cancellationToken), cancellationToken).ConfigureAwait(false);

    private static async Task<LeaseState?> OwnerAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(
            connection,
            Owner,
            [],
            r => new LeaseState(r.GetInt64(0), r.Text(1), r.GetInt64(2), r.GetBoolean(3), r.GetBoolean(4)),
            cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    private async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) => _session is { } session
        ? await Sql.ExecuteAsync(session, sql, [_database.Epoch], cancellationToken).ConfigureAwait(false)
        : await _database.ReadAsync(c => Sql.ExecuteAsync(c, sql, [_database.Epoch], cancellationToken), cancellationToken).ConfigureAwait(false);

    private async Task EndSessionAsync()
    {
        var session = Interlocked.Exchange(ref _session, null);
        if (session is not null)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }
}
