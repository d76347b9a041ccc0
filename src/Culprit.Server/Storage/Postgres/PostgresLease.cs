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
    private const string Owner = "SELECT epoch, holder FROM lease";

    // A database notices the end of a killed server's session at once, that of a lost machine later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly PostgresDatabase _database;
    private NpgsqlConnection? _session;

    private PostgresLease(PostgresDatabase database) => _database = database;

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
                        $"Another Culprit ({other.Holder}) runs on {database.Url.Name}: stop it, or use another database.");
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

    /// <summary>Looks whether the right is still ours, with a new session if the old one ended.</summary>
    /// <returns>False when another server has taken over.</returns>
    public async Task<bool> KeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TryLockAsync(cancellationToken).ConfigureAwait(false);
            return (await OwnerAsync(cancellationToken).ConfigureAwait(false)).Epoch == _database.Epoch;
        }
        catch
        {
            await EndSessionAsync().ConfigureAwait(false);
            throw;
        }
    }

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
    private async Task<(long Epoch, string Holder)> OwnerAsync(CancellationToken cancellationToken) => _session is { } session
        ? await OwnerAsync(session, cancellationToken).ConfigureAwait(false)
        : await _database.ReadAsync(c => OwnerAsync(c, cancellationToken), cancellationToken).ConfigureAwait(false);

    private static async Task<(long Epoch, string Holder)> OwnerAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(connection, Owner, [], r => (r.GetInt64(0), r.GetString(1)), cancellationToken).ConfigureAwait(false))
            .FirstOrDefault();

    private async Task EndSessionAsync()
    {
        var session = Interlocked.Exchange(ref _session, null);
        if (session is not null)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }
}
