using Culprit.Server.Storage.Embedded;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

/// <summary>A migration that ends in the middle leaves a database that the next start brings up as if nothing had happened.</summary>
public sealed class StateMigrationsTests : IDisposable
{
    /// <summary>Takes the steps after the third back.</summary>
    internal const string UndoToThree = """
        DROP TABLE silences; DROP TABLE alert_threads;
        ALTER TABLE outbox DROP COLUMN added_at;
        ALTER TABLE outbox DROP COLUMN ended_at;
        ALTER TABLE outbox DROP COLUMN held;
        DROP TABLE api_keys; DROP TABLE audit_log; DROP TABLE feedback;
        DROP TABLE pattern_aliases;
        DROP TABLE idempotency_keys;
        ALTER TABLE segments DROP COLUMN index_at;
        ALTER TABLE segments DROP COLUMN index_bytes;
        DROP TABLE poison;
        ALTER TABLE dead_letters DROP COLUMN kind;
        ALTER TABLE dead_letters DROP COLUMN tries;
        ALTER TABLE dead_letters DROP COLUMN decoder;
        ALTER TABLE dead_letters DROP COLUMN event_id;
        """;

    private const int DatabaseIsFull = 13;

    private readonly DataFolder _folder = new();

    public static TheoryData<int> Versions => [.. Enumerable.Range(0, StateMigrations.Newest)];

    /// <remarks>The database may not grow beyond a number of pages, which is raised by one until the migration passes.</remarks>
    [Theory]
    [MemberData(nameof(Versions))]
    public void AMigrationThatFailsAtAnyPageIsFinishedByTheNextStart(int from)
    {
        var expected = Schema(New(0, StateMigrations.Newest, out _));
        var failures = 0;
        for (var pages = 1L; ; pages++)
        {
            var path = New(1 + pages, from, out var used);
            if (used >= pages)
            {
                continue; // SQLite takes no limit below what is there.
            }

            var passed = TryApply(path, pages);
            failures += passed ? 0 : 1;
            TryApply(path, null);

            Assert.Equal(expected, Schema(path));
            if (passed)
            {
                break;
            }
        }

        // Only the first step is sure to need pages; the others may find room in those that exist.
        Assert.True(failures > 0 || from > 0, "no migration failed: the test is blind");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A database of that version, with an alert in it once there is a table for it.</summary>
    private string New(long number, int version, out long pages)
    {
        var path = Path.Combine(_folder.Root, $"{version}-{number}.db");
        using var connection = Open(path);
        StateMigrations.Apply(connection, path, version);
        if (version > 0)
        {
            StateDatabase.Command(
                connection, "INSERT INTO outbox (id, sink, incident_id, json, attempts, due_at) VALUES ('a', 's', 'i', x'00', 0, 0)").ExecuteNonQuery();
        }

        pages = (long)StateDatabase.Command(connection, "PRAGMA page_count").ExecuteScalar()!;
        return path;
    }

    private static bool TryApply(string path, long? maxPages)
    {
        using var connection = Open(path);
        if (maxPages is not null)
        {
            StateDatabase.Command(connection, $"PRAGMA max_page_count = {maxPages}").ExecuteNonQuery();
        }

        try
        {
            StateMigrations.Apply(connection, path);
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == DatabaseIsFull && maxPages is not null)
        {
            return false;
        }
    }

    private static List<string> Schema(string path)
    {
        using var connection = Open(path);
        using var command = StateDatabase.Command(connection, "SELECT coalesce(sql, name) FROM sqlite_master ORDER BY name");
        using var reader = command.ExecuteReader();
        var schema = new List<string> { $"version {StateDatabase.Command(connection, "PRAGMA user_version").ExecuteScalar()}" };
        while (reader.Read())
        {
            schema.Add(reader.GetString(0));
        }

        return schema;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        StateDatabase.Command(connection, "PRAGMA synchronous = OFF").ExecuteNonQuery(); // No power is cut here.
        return connection;
    }
}
