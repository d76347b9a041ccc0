using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The list of segments in the state database: a file counts only once it is listed here.</summary>
internal sealed class SegmentManifest(StateDatabase database)
{
    private const string Consumer = "records";

    private const string Columns = """
        name, retention_class, first_sequence, last_sequence, min_timestamp, max_timestamp, rows, rows_with_id, bytes,
        received, columns, index_at, index_bytes
        """;

    private const string Insert = $"""
        INSERT INTO segments ({Columns})
        VALUES ($name, $class, $first, $last, $min, $max, $rows, $ids, $bytes, $received, $columns, $indexAt, $indexBytes)
        """;

    private const string Select = $"SELECT {Columns}, corrupt_reason FROM segments ORDER BY first_sequence";

    private const string Delete = "DELETE FROM segments WHERE name = $name";

    private const string SetCorrupt = "UPDATE segments SET corrupt_reason = $reason WHERE name = $name";

    /// <summary>Everything up to here is in listed segments.</summary>
    public long AppliedSequence => database.Read(c => PositionTable.Get(c, Consumer));

    public IReadOnlyList<Segment> ListReadable() => [.. List().Where(l => l.CorruptReason is null).Select(l => l.Segment)];

    public IReadOnlyList<SegmentProblem> ListCorrupt() =>
        [.. List().Where(l => l.CorruptReason is not null).Select(l => new SegmentProblem(l.Segment, l.CorruptReason!))];

    /// <summary>Lists files that are on disk, together with the journal position that they cover.</summary>
    public Task PublishAsync(
        IReadOnlyList<Segment> segments, long appliedBefore, long appliedAfter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                // A commit that failed may still have reached the disk. Then the position has moved, and listing
                // the same records under another name would show them twice.
                var applied = PositionTable.Get(connection, Consumer);
                if (applied != appliedBefore)
                {
                    throw new StateDatabaseException(
                        $"Records are stored up to {applied}, not {appliedBefore}: restart to continue from there.");
                }

                foreach (var segment in segments)
                {
                    Add(connection, segment);
                }

                PositionTable.Advance(connection, Consumer, appliedAfter);
                return 0;
            },
            cancellationToken);

    public Task MarkCorruptAsync(string name, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                using var command = StateDatabase.Command(connection, SetCorrupt, ("$name", name), ("$reason", reason));
                return command.ExecuteNonQuery();
            },
            cancellationToken);

    /// <summary>Takes segments off the list; only after that may their files go.</summary>
    public Task RemoveAsync(IReadOnlyList<Segment> segments, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                foreach (var segment in segments)
                {
                    using var command = StateDatabase.Command(connection, Delete, ("$name", segment.Name));
                    command.ExecuteNonQuery();
                }

                return 0;
            },
            cancellationToken);

    /// <summary>Lists one segment instead of those whose records it holds.</summary>
    /// <exception cref="StateDatabaseException">One of those is not listed; nothing has changed.</exception>
    public Task ReplaceAsync(IReadOnlyList<Segment> segments, Segment merged, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                foreach (var segment in segments)
                {
                    using var command = StateDatabase.Command(connection, Delete, ("$name", segment.Name));
                    if (command.ExecuteNonQuery() != 1)
                    {
                        throw new StateDatabaseException($"Segment {segment.Name} is not listed and cannot be merged.");
                    }
                }

                Add(connection, merged);
                return 0;
            },
            cancellationToken);

    private List<(Segment Segment, string? CorruptReason)> List() => database.Read(connection =>
    {
        using var command = StateDatabase.Command(connection, Select);
        using var reader = command.ExecuteReader();
        var segments = new List<(Segment, string?)>();
        while (reader.Read())
        {
            var segment = new Segment(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetInt64(2),
                reader.GetInt64(3),
                reader.GetInt64(4),
                reader.GetInt64(5),
                reader.GetInt64(6),
                reader.GetInt64(7),
                reader.GetInt64(8),
                reader.GetInt64(9),
                reader.GetInt32(10),
                reader.GetInt64(11),
                reader.GetInt32(12));
            segments.Add((segment, reader.IsDBNull(13) ? null : reader.GetString(13)));
        }

        return segments;
    });

    private static void Add(SqliteConnection connection, Segment segment)
    {
        using var command = StateDatabase.Command(
            connection,
            Insert,
            ("$name", segment.Name),
            ("$class", segment.RetentionClass),
            ("$first", segment.FirstSequence),
            ("$last", segment.LastSequence),
            ("$min", segment.MinNanos),
            ("$max", segment.MaxNanos),
            ("$rows", segment.Rows),
            ("$ids", segment.RowsWithId),
            ("$bytes", segment.Bytes),
            ("$received", segment.ReceivedNanos),
            ("$columns", segment.Columns),
            ("$indexAt", segment.IndexAt),
            ("$indexBytes", segment.IndexBytes));
        command.ExecuteNonQuery();
    }
}
