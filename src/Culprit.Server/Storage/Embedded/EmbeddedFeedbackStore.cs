using System.Text.Json;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Feedback in SQLite, one row each word; rows are never changed.</summary>
internal sealed class EmbeddedFeedbackStore(StateDatabase database) : IFeedbackStore
{
    private const string Insert = """
        INSERT INTO feedback (incident_id, verdict, service, name, runbook, note, signature, incident_at, at)
        VALUES ($incident, $verdict, $service, $name, $runbook, $note, $signature, $incident_at, $at)
        """;

    private const string Select = """
        SELECT incident_id, verdict, service, name, runbook, note, signature, incident_at, at FROM feedback ORDER BY row
        """;

    public Task AddAsync(Feedback feedback, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            using var command = StateDatabase.Command(
                connection,
                Insert,
                ("$incident", feedback.IncidentId),
                ("$verdict", feedback.Verdict.ToWire()),
                ("$service", feedback.Service),
                ("$name", feedback.Name),
                ("$runbook", feedback.Runbook),
                ("$note", feedback.Note),
                ("$signature", JsonSerializer.SerializeToUtf8Bytes(feedback.Signature)),
                ("$incident_at", feedback.IncidentAt.UtcTicks),
                ("$at", feedback.At.UtcTicks));
            return command.ExecuteNonQuery();
        },
        cancellationToken);

    public Task<IReadOnlyList<Feedback>> AllAsync(CancellationToken cancellationToken) => Task.FromResult(database.Read(Read));

    private static IReadOnlyList<Feedback> Read(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, Select);
        using var reader = command.ExecuteReader();
        var all = new List<Feedback>();
        while (reader.Read())
        {
            all.Add(new Feedback
            {
                IncidentId = reader.GetString(0),
                Verdict = FeedbackWords.TryParse(reader.GetString(1)) ?? throw new InvalidDataException($"Unknown verdict '{reader.GetString(1)}' in the feedback."),
                Service = reader.GetString(2),
                Name = reader.IsDBNull(3) ? null : reader.GetString(3),
                Runbook = reader.IsDBNull(4) ? null : reader.GetString(4),
                Note = reader.IsDBNull(5) ? null : reader.GetString(5),
                Signature = JsonSerializer.Deserialize<IncidentSignature>(reader.GetFieldValue<byte[]>(6))!,
                IncidentAt = new DateTimeOffset(reader.GetInt64(7), TimeSpan.Zero),
                At = new DateTimeOffset(reader.GetInt64(8), TimeSpan.Zero),
            });
        }

        return all;
    }
}
