using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>API keys and the audit log in SQLite.</summary>
internal sealed class EmbeddedKeyStore(StateDatabase database) : IKeyStore
{
    // SQLITE_CONSTRAINT
    private const int Constraint = 19;

    public async Task AddAsync(ApiKey key, CancellationToken cancellationToken)
    {
        try
        {
            await database.WriteAsync(
                connection =>
                {
                    using var command = StateDatabase.Command(
                        connection,
                        "INSERT INTO api_keys (id, hash, terms, created_at, revoked_at) VALUES ($id, $hash, $terms, $created, $revoked)",
                        ("$id", key.Id),
                        ("$hash", key.Hash.ToArray()),
                        ("$terms", KeyTerms.ToJson(key)),
                        ("$created", key.CreatedAt.UtcTicks),
                        ("$revoked", key.RevokedAt?.UtcTicks));
                    return command.ExecuteNonQuery();
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == Constraint)
        {
            throw new ArgumentException($"There is a key {key.Id} already.", nameof(key), e);
        }
    }

    public Task<IReadOnlyList<ApiKey>> AllAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ApiKey>>(database.Read(ReadKeys));

    public Task<bool> RevokeAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            using var command = StateDatabase.Command(
                connection, "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $at) WHERE id = $id", ("$at", at.UtcTicks), ("$id", id));
            return command.ExecuteNonQuery() > 0;
        },
        cancellationToken);

    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            using var command = StateDatabase.Command(
                connection,
                "INSERT INTO audit_log (at, actor, action, target) VALUES ($at, $actor, $action, $target)",
                ("$at", entry.At.UtcTicks),
                ("$actor", entry.Actor),
                ("$action", entry.Action),
                ("$target", entry.Target));
            return command.ExecuteNonQuery();
        },
        cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> AuditedAsync(int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AuditEntry>>(database.Read(connection => ReadAudit(connection, limit)));

    private static List<ApiKey> ReadKeys(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, "SELECT id, hash, terms, created_at, revoked_at FROM api_keys ORDER BY row");
        using var reader = command.ExecuteReader();
        var keys = new List<ApiKey>();
        while (reader.Read())
        {
            keys.Add(KeyTerms.Read(
                reader.GetString(0),
                reader.GetFieldValue<byte[]>(1),
                reader.GetFieldValue<byte[]>(2),
                Time(reader.GetInt64(3)),
                reader.IsDBNull(4) ? null : Time(reader.GetInt64(4))));
        }

        return keys;
    }

    private static List<AuditEntry> ReadAudit(SqliteConnection connection, int limit)
    {
        using var command = StateDatabase.Command(
            connection, "SELECT at, actor, action, target FROM audit_log ORDER BY row DESC LIMIT $limit", ("$limit", limit));
        using var reader = command.ExecuteReader();
        var entries = new List<AuditEntry>();
        while (reader.Read())
        {
            entries.Add(new AuditEntry(Time(reader.GetInt64(0)), reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        }

        return entries;
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
