using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>API keys and the audit log in PostgreSQL.</summary>
internal sealed class PostgresKeyStore(PostgresDatabase database) : IKeyStore
{
    private const string Insert = "INSERT INTO api_keys (id, hash, terms, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5)";
    private const string Select = "SELECT id, hash, terms, created_at, revoked_at FROM api_keys ORDER BY row";
    private const string Revoke = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2";
    private const string Audit = "INSERT INTO audit_log (at, actor, action, target) VALUES ($1, $2, $3, $4)";
    private const string SelectAudit = "SELECT at, actor, action, target FROM audit_log ORDER BY row DESC LIMIT $1";

    public async Task AddAsync(ApiKey key, CancellationToken cancellationToken)
    {
        try
        {
            await database.WriteAsync(
                c => Sql.ExecuteAsync(
                    c, Insert, [key.Id, key.Hash.ToArray(), KeyTerms.ToJson(key), key.CreatedAt.UtcTicks, key.RevokedAt?.UtcTicks], cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new ArgumentException($"There is a key {key.Id} already.", nameof(key), e);
        }
    }

    public Task<IReadOnlyList<ApiKey>> AllAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<ApiKey>>(
        async c => await Sql.ListAsync(
            c,
            Select,
            [],
            r => KeyTerms.Read(
                r.GetString(0), r.GetFieldValue<byte[]>(1), r.GetFieldValue<byte[]>(2), Time(r.GetInt64(3)), r.IsDBNull(4) ? null : Time(r.GetInt64(4))),
            cancellationToken).ConfigureAwait(false),
        cancellationToken);

    public async Task<bool> RevokeAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) =>
        await database.WriteAsync(c => Sql.ExecuteAsync(c, Revoke, [at.UtcTicks, PostgresText.Encode(id)], cancellationToken), cancellationToken).ConfigureAwait(false) > 0;

    public Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        c => Sql.ExecuteAsync(
            c, Audit, [entry.At.UtcTicks, PostgresText.Encode(entry.Actor), PostgresText.Encode(entry.Action), PostgresText.Encode(entry.Target)], cancellationToken),
        cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> AuditedAsync(int limit, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<AuditEntry>>(
        async c => await Sql.ListAsync(
            c, SelectAudit, [limit], r => new AuditEntry(Time(r.GetInt64(0)), r.Text(1), r.Text(2), r.Text(3)), cancellationToken).ConfigureAwait(false),
        cancellationToken);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
