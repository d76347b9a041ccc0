using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Silences in SQLite.</summary>
internal sealed class EmbeddedSilenceStore(StateDatabase database) : ISilenceStore
{
    private const string Save = """
        INSERT INTO silences (id, json, ends_at) VALUES ($id, $json, $ends)
        ON CONFLICT (id) DO UPDATE SET json = excluded.json, ends_at = excluded.ends_at
        """;

    public Task SaveAsync(StoredSilence silence, DateTimeOffset forgetBefore, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            using var save = StateDatabase.Command(
                connection, Save, ("$id", silence.Id), ("$json", silence.Json.ToArray()), ("$ends", silence.EndsAt.UtcTicks));
            save.ExecuteNonQuery();
            using var forget = StateDatabase.Command(connection, "DELETE FROM silences WHERE ends_at < $before", ("$before", forgetBefore.UtcTicks));
            return forget.ExecuteNonQuery();
        },
        cancellationToken);

    public Task<IReadOnlyList<StoredSilence>> AllAsync(CancellationToken cancellationToken) => Task.FromResult(database.Read(Read));

    private static IReadOnlyList<StoredSilence> Read(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, "SELECT id, json, ends_at FROM silences ORDER BY row");
        using var reader = command.ExecuteReader();
        var all = new List<StoredSilence>();
        while (reader.Read())
        {
            all.Add(new StoredSilence(reader.GetString(0), reader.GetFieldValue<byte[]>(1), new DateTimeOffset(reader.GetInt64(2), TimeSpan.Zero)));
        }

        return all;
    }
}
