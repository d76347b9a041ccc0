using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The numbers of retention classes in SQLite.</summary>
internal static class RetentionClassTable
{
    private const string Select = "SELECT number, name FROM retention_classes";
    private const string Replace = "INSERT OR REPLACE INTO retention_classes (number, name) VALUES ($number, $name)";

    /// <summary>Finds or gives out a number for each time, in one transaction.</summary>
    /// <param name="times">The default first; at most 8.</param>
    public static Task<RetentionClasses> LoadAsync(
        StateDatabase database, IReadOnlyList<TimeSpan> times, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => RetentionClasses.Assign(Read(connection), times, (number, name) =>
            {
                using var command = StateDatabase.Command(connection, Replace, ("$number", number), ("$name", name));
                command.ExecuteNonQuery();
            }),
            cancellationToken);

    private static Dictionary<int, string> Read(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, Select);
        using var reader = command.ExecuteReader();
        var known = new Dictionary<int, string>();
        while (reader.Read())
        {
            known.Add(reader.GetInt32(0), reader.GetString(1));
        }

        return known;
    }
}
