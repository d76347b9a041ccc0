using Culprit.Engine.Storage;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Npgsql;
using Segment = Culprit.Server.Storage.Embedded.Segment;

namespace Culprit.Server.Storage.Moving;

/// <summary>What a move has done so far.</summary>
internal sealed record MoveProgress(int Segments, int OfSegments, long Records, long OfRecords);

/// <summary>Copies the stores of a data folder to PostgreSQL, checks what arrived, and leaves the folder as it was.</summary>
/// <remarks>
/// Each segment is one transaction with its counts and a mark: a move that was stopped goes on after the last one. The state and the
/// journal positions come last. What the journal has beyond them is read by the server at its start on the database, as after any restart.
/// </remarks>
internal sealed class StoreMove(string data, PostgresDatabase target, ILoggerFactory loggers, Action<MoveProgress> progress)
{
    private const string MarkPrefix = "moved:";
    private const string StateMark = MarkPrefix + "state";

    private static readonly string[] Consumers = ["records", "engine", "idempotency-keys"];

    /// <summary>True when a move into the database began and did not end.</summary>
    public static async Task<bool> IsUnfinishedAsync(PostgresDatabase database, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            c => Sql.ScalarAsync(
                c,
                "SELECT count(*) > 0 AND NOT bool_or(consumer = $1) FROM positions WHERE consumer LIKE $2",
                [StateMark, MarkPrefix + "%"],
                cancellationToken),
            cancellationToken).ConfigureAwait(false) is true;

    /// <returns>How much was moved, in this run and before.</returns>
    /// <exception cref="StoreMoveException">The folder is in use or damaged, the database has other data, or what arrived differs.</exception>
    public async Task<MoveProgress> RunAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(data, "state.db")))
        {
            throw new StoreMoveException($"{data} is no data folder with embedded stores: it has no state.db.");
        }

        using var folderLock = PosixFileSystem.OfThisSystem().TryLock(Path.Combine(data, "journal", "lock"))
            ?? throw new StoreMoveException($"A server uses {data}: stop it first.");
        using var database = StateDatabase.Open(data);
        var marks = await LoadMarksAsync(cancellationToken).ConfigureAwait(false);
        var segments = await ListSegmentsAsync(database, cancellationToken).ConfigureAwait(false);
        using var records = await PostgresRecordStore.OpenAsync(
            target, new PostgresStoreOptions(), TimeProvider.System, loggers.CreateLogger<PostgresRecordStore>(), cancellationToken).ConfigureAwait(false);
        var scan = new SegmentScan(Path.Combine(data, "segments"), new EmbeddedStoreOptions());
        var done = new MoveProgress(0, segments.Count, 0, segments.Sum(s => s.Rows));
        foreach (var segment in segments)
        {
            if (!marks.Contains(MarkPrefix + segment.Name))
            {
                await MoveAsync(segment, scan, records, cancellationToken).ConfigureAwait(false);
            }

            done = done with { Segments = done.Segments + 1, Records = done.Records + segment.Rows };
            progress(done);
        }

        if (!marks.Contains(StateMark))
        {
            await MoveStateAsync(database, cancellationToken).ConfigureAwait(false);
        }

        return done;
    }

    private async Task<HashSet<string>> LoadMarksAsync(CancellationToken cancellationToken)
    {
        var consumers = await target.ReadAsync(
            c => Sql.ListAsync(c, "SELECT consumer FROM positions", [], r => r.GetString(0), cancellationToken), cancellationToken).ConfigureAwait(false);
        var marks = consumers.Where(c => c.StartsWith(MarkPrefix, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        if (consumers.Count > 0 && marks.Count == 0)
        {
            throw new StoreMoveException($"{target.Url.Name} has data of its own: use another database.");
        }

        return marks;
    }

    private async Task<IReadOnlyList<Segment>> ListSegmentsAsync(StateDatabase database, CancellationToken cancellationToken)
    {
        // Opening sets damaged segments aside, and says which.
        using var embedded = await EmbeddedRecordStore.OpenAsync(
            data, database, new EmbeddedStoreOptions(), TimeProvider.System, loggers.CreateLogger<EmbeddedRecordStore>(), cancellationToken).ConfigureAwait(false);
        return [.. embedded.Segments.OrderBy(s => s.FirstSequence).ThenBy(s => s.Name, StringComparer.Ordinal)];
    }

    private static async Task MoveAsync(Segment segment, SegmentScan scan, PostgresRecordStore records, CancellationToken cancellationToken)
    {
        var number = Segment.ClassOf(segment.Name);
        var sent = new RecordSum();
        try
        {
            await records.ImportAsync(
                Watched(scan.Read([segment], number, segment.ReceivedNanos, cancellationToken), sent),
                async (connection, partition) =>
                {
                    var arrived = await SumAsync(connection, partition, segment, cancellationToken).ConfigureAwait(false);
                    if (arrived.ToString() != sent.ToString() || arrived.Count != segment.Rows)
                    {
                        throw new StoreMoveException($"Segment {segment.Name} has {segment.Rows} records; sent: {sent}; arrived: {arrived}.");
                    }

                    await PostgresPositions.AdvanceAsync(connection, MarkPrefix + segment.Name, segment.Rows, cancellationToken).ConfigureAwait(false);
                },
                number,
                segment.ReceivedNanos,
                cancellationToken).ConfigureAwait(false);
        }
        catch (UnreadableSegmentException e)
        {
            throw new StoreMoveException($"Segment {segment.Name} cannot be read ({e.InnerException?.Message}): start the server on the folder once, which sets it aside.");
        }
    }

    private static IEnumerable<IReadOnlyList<TailEntry>> Watched(IEnumerable<IReadOnlyList<TailEntry>> chunks, RecordSum sum)
    {
        foreach (var chunk in chunks)
        {
            foreach (var entry in chunk)
            {
                for (var i = 0; i < entry.Batch.Count; i++)
                {
                    sum.Add(entry.Read(i));
                }
            }

            yield return chunk;
        }
    }

    private static async Task<RecordSum> SumAsync(
        NpgsqlConnection connection, string partition, Segment segment, CancellationToken cancellationToken)
    {
        var sum = new RecordSum();
        await using var command = Sql.Command(
            connection, RecordSql.AllBetween(partition), segment.FirstSequence, segment.LastSequence);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            sum.Add(RecordRow.Read(reader));
        }

        return sum;
    }

    private Task<long> MoveStateAsync(StateDatabase source, CancellationToken cancellationToken) => target.WriteAsync(
        async connection =>
        {
            var rows = 0L;
            foreach (var table in StateTable.All)
            {
                rows += await table.MoveAsync(source, connection, cancellationToken).ConfigureAwait(false);
            }

            foreach (var consumer in Consumers)
            {
                await PostgresPositions.AdvanceAsync(
                    connection, consumer, source.Read(c => PositionTable.Get(c, consumer)), cancellationToken).ConfigureAwait(false);
            }

            await PostgresPositions.AdvanceAsync(connection, StateMark, rows, cancellationToken).ConfigureAwait(false);
            return rows;
        },
        cancellationToken);
}
