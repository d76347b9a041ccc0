namespace Culprit.Server.Storage.Postgres;

/// <summary>The numbers of retention classes in PostgreSQL.</summary>
internal static class PostgresRetentionClasses
{
    private const string Select = "SELECT number, name FROM retention_classes FOR UPDATE";

    private const string Upsert = """
        INSERT INTO retention_classes (number, name) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET name = excluded.name
        """;

    /// <summary>Finds or gives out a number for each time, in one transaction.</summary>
    /// <param name="times">The default first; at most 8.</param>
    public static Task<RetentionClasses> LoadAsync(
        PostgresDatabase database, IReadOnlyList<TimeSpan> times, CancellationToken cancellationToken) => database.WriteAsync(
        async connection =>
        {
            var known = await Sql.ListAsync(
                connection, Select, [], r => (Number: (int)r.GetInt16(0), Name: r.GetString(1)), cancellationToken).ConfigureAwait(false);
            var given = new List<(int Number, string Name)>();
            var classes = RetentionClasses.Assign(
                known.ToDictionary(k => k.Number, k => k.Name), times, (number, name) => given.Add((number, name)));
            foreach (var (number, name) in given)
            {
                await Sql.ExecuteAsync(connection, Upsert, [(short)number, name], cancellationToken).ConfigureAwait(false);
            }

            return classes;
        },
        cancellationToken);
}
