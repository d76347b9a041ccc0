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
        INSERT INTO lease (epoch, holder, since) VALUES (1, $1, now())
        ON CONFLICT (one) DO UPDATE SET epoch = lease.epoch + 1, holder = excluded.holder, since = now() RETURNING epoch
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
    public async Task TakeOverAsync(string holder, CancellationToken cancellationToken)
    {
        var epoch = await UseAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await Sql.ExecuteAsync(connection, "SELECT pg_advisory_xact_lock($1)", [WriteLock], cancellationToken).ConfigureAwait(false);
                var next = (long)(await Sql.ScalarAsync(connection, NextEpoch, [holder], cancellationToken).ConfigureAwait(false))!;
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return next;
            },
            cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _epoch, epoch);
    }

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
