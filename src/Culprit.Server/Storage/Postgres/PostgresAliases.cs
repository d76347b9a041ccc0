using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Which pattern ids lead to which others, one row an id.</summary>
internal static class PostgresAliases
{
    // A changed alias gets a new row, so that readers who remember the last row they saw meet it.
    private const string DropChanged = "DELETE FROM pattern_aliases WHERE old = $1 AND (current, text) IS DISTINCT FROM ($2::bigint, $3::text)";

    private const string Insert = """
        INSERT INTO pattern_aliases (old, current, text) VALUES ($1, $2, $3) ON CONFLICT (old) DO NOTHING
        """;

    private const string DropOldest = "DELETE FROM pattern_aliases WHERE row <= (SELECT max(row) FROM pattern_aliases) - $1";

    private const string Select = "SELECT row, old, current, text FROM pattern_aliases WHERE row > $1 ORDER BY row";

    public static async Task AddAsync(NpgsqlConnection connection, IReadOnlyList<NamedAlias> aliases, CancellationToken cancellationToken)
    {
        foreach (var alias in aliases)
        {
            object[] values = [Number(alias.Old), Number(alias.Current), PostgresText.Encode(alias.Text)];
            await Sql.ExecuteAsync(connection, DropChanged, values, cancellationToken).ConfigureAwait(false);
            await Sql.ExecuteAsync(connection, Insert, values, cancellationToken).ConfigureAwait(false);
        }

        if (aliases.Count > 0)
        {
            await Sql.ExecuteAsync(connection, DropOldest, [(long)NamedAlias.MaxKept], cancellationToken).ConfigureAwait(false);
        }
    }

    public static async Task<IReadOnlyList<NamedAliasRow>> FindAsync(
        NpgsqlConnection connection, long afterRow, CancellationToken cancellationToken) =>
        await Sql.ListAsync(
            connection,
            Select,
            [afterRow],
            r => new NamedAliasRow(r.GetInt64(0), new NamedAlias(Id(r.GetInt64(1)), Id(r.GetInt64(2)), r.Text(3))),
            cancellationToken).ConfigureAwait(false);

    private static long Number(PatternId id) => unchecked((long)id.Value);

    private static PatternId Id(long number) => new(unchecked((ulong)number));
}
