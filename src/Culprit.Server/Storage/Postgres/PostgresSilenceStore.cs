using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Silences in PostgreSQL.</summary>
internal sealed class PostgresSilenceStore(PostgresDatabase database) : ISilenceStore
{
    private const string Save = """
        INSERT INTO silences (id, json, ends_at) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET json = excluded.json, ends_at = excluded.ends_at
        """;

    public Task SaveAsync(StoredSilence silence, DateTimeOffset forgetBefore, CancellationToken cancellationToken) => database.WriteAsync(
        async c =>
        {
            await Sql.ExecuteAsync(
                c, Save, [PostgresText.Encode(silence.Id), PostgresText.FromUtf8(silence.Json.Span), silence.EndsAt.UtcTicks], cancellationToken)
                .ConfigureAwait(false);
            return await Sql.ExecuteAsync(c, "DELETE FROM silences WHERE ends_at < $1", [forgetBefore.UtcTicks], cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    public Task<IReadOnlyList<StoredSilence>> AllAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<StoredSilence>>(
        async c => await Sql.ListAsync(
            c,
            "SELECT id, json, ends_at FROM silences ORDER BY row",
            [],
            r => new StoredSilence(r.Text(0), Encoding.UTF8.GetBytes(r.Text(1)), new DateTimeOffset(r.GetInt64(2), TimeSpan.Zero)),
            cancellationToken).ConfigureAwait(false),
        cancellationToken);
}
