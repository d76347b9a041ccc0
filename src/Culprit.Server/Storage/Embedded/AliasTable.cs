using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Which pattern ids lead to which others, one row an id.</summary>
internal static class AliasTable
{
    // A changed alias gets a new row, so that readers who remember the last row they saw meet it.
    private const string Insert = """
        INSERT OR REPLACE INTO pattern_aliases (old, current, text)
        SELECT $old, $current, $text WHERE NOT EXISTS (
            SELECT 1 FROM pattern_aliases WHERE old = $old AND current = $current AND text = $text)
        """;

    private const string DropOldest = "DELETE FROM pattern_aliases WHERE row <= (SELECT max(row) FROM pattern_aliases) - $kept";

    private const string Select = "SELECT row, old, current, text FROM pattern_aliases WHERE row > $after ORDER BY row";

    public static void Add(SqliteConnection connection, IReadOnlyList<NamedAlias> aliases)
    {
        if (aliases.Count == 0)
        {
            return;
        }

        foreach (var alias in aliases)
        {
            using var insert = StateDatabase.Command(
                connection,
                Insert,
                ("$old", unchecked((long)alias.Old.Value)),
                ("$current", unchecked((long)alias.Current.Value)),
                ("$text", alias.Text));
            insert.ExecuteNonQuery();
        }

        using var drop = StateDatabase.Command(connection, DropOldest, ("$kept", NamedAlias.MaxKept));
        drop.ExecuteNonQuery();
    }

    public static IReadOnlyList<NamedAliasRow> Find(SqliteConnection connection, long afterRow, CancellationToken cancellationToken)
    {
        using var command = StateDatabase.Command(connection, Select, ("$after", afterRow));
        using var reader = command.ExecuteReader();
        var found = new List<NamedAliasRow>();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Add(new NamedAliasRow(
                reader.GetInt64(0), new NamedAlias(IdAt(reader, 1), IdAt(reader, 2), reader.GetString(3))));
        }

        return found;
    }

    private static PatternId IdAt(SqliteDataReader reader, int column) => new(unchecked((ulong)reader.GetInt64(column)));
}
