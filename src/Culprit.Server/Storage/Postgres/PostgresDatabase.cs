using System.Globalization;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The database that holds records and state: connections, transactions, and the right to write.</summary>
/// <remarks>
/// State is written by one transaction at a time, as in the embedded store; records have transactions of their own beside them.
/// Every transaction names the epoch under which this server took over: one that was replaced can write nothing more.
/// </remarks>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private const int OldestVersion = 14;

    // Held shared by every write until it ends: whoever takes over waits for it, and for what it wrote.
    private const long WriteLock = 0x63756c70_0002;

    private const string BeginWrite = """
        SELECT pg_advisory_xact_lock_shared($1), CASE WHEN current_setting('synchronous_commit') = 'off'
            THEN set_config('synchronous_commit', 'on', true) END
        """;

    private const string CurrentEpoch = "SELECT epoch FROM lease";

    private const string NextEpoch = """
        INSERT INTO lease (epoch, holder, since, is_shared) VALUES (1, $1, now(), $2)
        ON CONFLICT (one) DO UPDATE SET epoch = lease.epoch + 1, holder = excluded.holder, since = now(), is_held = true, is_shared = excluded.is_shared
            WHERE $3 < 0 OR (lease.epoch = $3 AND lease.renewals = $4)
        RETURNING epoch
        """;

    // Whoever had claimed alerts delivers no more: they need not wait until the claims run out.
    private const string FreeClaims = "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL WHERE state = 0 AND claimed_by IS NOT NULL";

    // A server that freezes in a transaction must not hold up the others that append to what they share.
    private const string EndWhenIdle = "SELECT set_config('idle_in_transaction_session_timeout', '5s', true)";

    // Of sessions that hold one of our advisory locks: what whoever is taken over from still has open.
    private const string EndHolders = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND ((classid::bigint << 32) | objid::bigint) IN ($1, $2)
        """;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly NpgsqlDataSource _source;
    private long _epoch;

    private PostgresDatabase(NpgsqlDataSource source, StoreUrl url)
    {
        _source = source;
        Url = url;
    }

    public StoreUrl Url { get; }

    /// <summary>Under which this server writes; 0 before it took over.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>Why the last transaction failed at the database; null when it did not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Connects and brings the schema up.</summary>
    /// <exception cref="StoreRefusedException">The database is too old, of a newer Culprit, not in UTF-8, or the role may not.</exception>
    /// <exception cref="StoreUnavailableException">It does not answer.</exception>
    public static async Task<PostgresDatabase> OpenAsync(StoreUrl url, CancellationToken cancellationToken)
    {
        var database = new PostgresDatabase(NpgsqlDataSource.Create(url.ConnectionString), url);
        try
        {
            await database.UseAsync(
                async connection =>
                {
                    await CheckAsync(connection, cancellationToken).ConfigureAwait(false);
                    return await PostgresMigrations.ApplyAsync(connection, cancellationToken).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
            return database;
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>From now on this server writes, and no other that wrote before.</summary>
    public Task TakeOverAsync(string holder, CancellationToken cancellationToken) => TakeOverAsync(holder, null, isShared: false, cancellationToken);

    /// <param name="from">Only if the lease is still as it was seen; null: in any case.</param>
    /// <param name="isShared">This server runs beside a standby.</param>
    /// <returns>False when it is not.</returns>
    public async Task<bool> TakeOverAsync(string holder, LeaseState? from, bool isShared, CancellationToken cancellationToken)
    {
        var epoch = await UseAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await Sql.ExecuteAsync(connection, "SELECT pg_advisory_xact_lock($1)", [WriteLock], cancellationToken).ConfigureAwait(false);
                var next = await Sql.ScalarAsync(
                    connection, NextEpoch, [PostgresText.Encode(holder), isShared, from?.Epoch ?? -1, from?.Renewals ?? -1], cancellationToken)
                    .ConfigureAwait(false) as long?;
                await Sql.ExecuteAsync(connection, FreeClaims, [], cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return next;
            },
            cancellationToken).ConfigureAwait(false);
        if (epoch is { } ours)
        {
            Interlocked.Exchange(ref _epoch, ours);
        }

        return epoch is not null;
    }

    /// <summary>Ends the sessions with which a server that does not answer holds the right to run, or is in the middle of a write.</summary>
    public Task EndHoldersAsync(long ownerLock, CancellationToken cancellationToken) =>
        UseAsync(c => Sql.ScalarAsync(c, EndHolders, [ownerLock, WriteLock], cancellationToken), cancellationToken);

    /// <summary>A connection that is not shared, for what belongs to a session.</summary>
    public async Task<NpgsqlConnection> ConnectApartAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Url.ConnectionString) { Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Asks something.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) => UseAsync(work, cancellationToken);

    /// <summary>Runs one durable transaction after the others; an exception rolls it back.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer. After a commit without an answer it may hold all the same.</exception>
    /// <exception cref="StoreFencedException">Another server has taken over.</exception>
    public async Task<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await WriteBesideAsync(work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The same, at the same time as others.</summary>
    public Task<T> WriteBesideAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await Sql.ExecuteAsync(connection, BeginWrite, [WriteLock], cancellationToken).ConfigureAwait(false);
            await CheckEpochAsync(connection, cancellationToken).ConfigureAwait(false);

            var result = await work(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return result;
        },
        cancellationToken);

    /// <summary>A transaction on what servers share, of the standby as well; that of the active one is fenced as all others are.</summary>
    /// <exception cref="StoreFencedException">Another server has taken over.</exception>
    public Task<T> ShareAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await Sql.ExecuteAsync(connection, EndWhenIdle, [], cancellationToken).ConfigureAwait(false);
            if (Epoch > 0)
            {
                await Sql.ExecuteAsync(connection, BeginWrite, [WriteLock], cancellationToken).ConfigureAwait(false);
                await CheckEpochAsync(connection, cancellationToken).ConfigureAwait(false);
            }

            var result = await work(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return result;
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        _writing.Dispose();
    }

    private static async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (connection.PostgreSqlVersion.Major < OldestVersion)
        {
            throw new StoreRefusedException($"PostgreSQL {connection.PostgreSqlVersion} is too old: {OldestVersion} or newer is needed.");
        }

        if (await Sql.ScalarAsync(connection, "SHOW server_encoding", [], cancellationToken).ConfigureAwait(false) is not "UTF8")
        {
            throw new StoreRefusedException("The database is not in UTF-8: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.");
        }
    }

    // A statement of its own after the lock: only so it sees what was committed while it waited.
    private async Task CheckEpochAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (Epoch is var ours and > 0
            && await Sql.ScalarAsync(connection, CurrentEpoch, [], cancellationToken).ConfigureAwait(false) is var now
            && !Equals(now, ours))
        {
            throw new StoreFencedException(string.Create(
                CultureInfo.InvariantCulture,
                $"Another server has taken over {Url.Name} (epoch {now}, this one has {ours}): this one writes nothing more."));
        }
    }

    private async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            var result = await work(connection).ConfigureAwait(false);
            Failure = null;
            return result;
        }
        catch (Exception e) when (PostgresFailures.ArePassing(e))
        {
            Failure = e.Message;
            throw new StoreUnavailableException($"{Url.Name} does not answer: {e.Message}", e);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege)
        {
            Failure = e.MessageText;
            throw new StoreUnavailableException($"{Url.Name} refuses: {e.MessageText}", e);
        }
    }
}
