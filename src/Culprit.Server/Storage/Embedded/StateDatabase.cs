using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The SQLite file that holds what must change together: derived events, outbox, positions, the list of segments.</summary>
/// <remarks>One connection writes, one transaction at a time, and each commit is on disk when it returns. Readers have their own.</remarks>
internal sealed class StateDatabase : IDisposable
{
    private const string FileName = "state.db";

    // Older versions can lose commits when the write-ahead log is reset while another connection reads it.
    private static readonly Version OldestSqlite = new(3, 51, 3);

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SqliteConnection _writer;
    private readonly string _readerConnection;

    private StateDatabase(SqliteConnection writer, string readerConnection, bool wasCreated)
    {
        _writer = writer;
        _readerConnection = readerConnection;
        WasCreated = wasCreated;
    }

    /// <summary>True when there was no database before this start.</summary>
    public bool WasCreated { get; }

    /// <summary>Opens <c>state.db</c> in the data folder, creating and migrating it as needed.</summary>
    /// <exception cref="StateDatabaseException">SQLite is too old, or a newer Culprit wrote the file.</exception>
    public static StateDatabase Open(string dataFolder)
    {
        Directory.CreateDirectory(dataFolder);
        var path = Path.Combine(dataFolder, FileName);
        var wasCreated = !File.Exists(path);
        var writer = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            writer.Open();
            var version = Version.Parse(writer.ServerVersion);
            if (version < OldestSqlite)
            {
                throw new StateDatabaseException($"SQLite {version} is too old: {OldestSqlite} or newer is needed.");
            }

            Command(writer, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864")
                .ExecuteNonQuery();
            StateMigrations.Apply(writer, path);
            DurableFile.SyncFolder(dataFolder);
        }
        catch
        {
            writer.Dispose();
            throw;
        }

        var reader = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite };
        return new StateDatabase(writer, reader.ToString(), wasCreated);
    }

    /// <summary>A command with named parameters; null becomes NULL.</summary>
    public static SqliteCommand Command(
        SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller passes constant SQL; values travel as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    /// <summary>Runs one durable transaction; an exception rolls it back.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            using var transaction = _writer.BeginTransaction();
            var result = work(_writer);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs a query on a connection of its own.</summary>
    public T Read<T>(Func<SqliteConnection, T> work)
    {
        using var connection = new SqliteConnection(_readerConnection);
        connection.Open();
        Command(connection, "PRAGMA query_only = 1").ExecuteNonQuery();
        connection.CreateFunction(
            "contains_text", (byte[] text, string needle) => new TextMatcher(needle).IsIn(text), isDeterministic: true);
        return work(connection);
    }

    public void Dispose()
    {
        using (var pooled = new SqliteConnection(_readerConnection))
        {
            SqliteConnection.ClearPool(pooled);
        }

        _writer.Dispose();
        _writing.Dispose();
    }
}
