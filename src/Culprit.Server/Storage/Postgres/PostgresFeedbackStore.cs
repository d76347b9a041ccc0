using System.Text.Json;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Feedback in PostgreSQL, one row each word; rows are never changed.</summary>
internal sealed class PostgresFeedbackStore(PostgresDatabase database) : IFeedbackStore
{
    private const string Insert = """
        INSERT INTO feedback (incident_id, verdict, service, name, runbook, note, signature, incident_at, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """;

    private const string Select = """
        SELECT incident_id, verdict, service, name, runbook, note, signature, incident_at, at FROM feedback ORDER BY row
        """;

    public Task AddAsync(Feedback feedback, CancellationToken cancellationToken) => database.WriteAsync(
        c => Sql.ExecuteAsync(
            c,
            Insert,
            [
                PostgresText.Encode(feedback.IncidentId),
                feedback.Verdict.ToWire(),
                PostgresText.Encode(feedback.Service),
                PostgresText.EncodeOrNull(feedback.Name),
                PostgresText.EncodeOrNull(feedback.Runbook),
                PostgresText.EncodeOrNull(feedback.Note),
                PostgresText.Encode(JsonSerializer.Serialize(feedback.Signature)),
                feedback.IncidentAt.UtcTicks,
                feedback.At.UtcTicks,
            ],
            cancellationToken),
        cancellationToken);

    public Task<IReadOnlyList<Feedback>> AllAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<Feedback>>(
        async c => await Sql.ListAsync(
            c,
            Select,
            [],
            r => new Feedback
            {
                IncidentId = r.Text(0),
                Verdict = FeedbackWords.TryParse(r.GetString(1)) ?? throw new InvalidDataException($"Unknown verdict '{r.GetString(1)}' in the feedback."),
                Service = r.Text(2),
                Name = r.TextOrNull(3),
                Runbook = r.TextOrNull(4),
                Note = r.TextOrNull(5),
                Signature = JsonSerializer.Deserialize<IncidentSignature>(r.Text(6))!,
                IncidentAt = new DateTimeOffset(r.GetInt64(7), TimeSpan.Zero),
                At = new DateTimeOffset(r.GetInt64(8), TimeSpan.Zero),
            },
            cancellationToken).ConfigureAwait(false),
        cancellationToken);
}
