using Culprit.Engine.Storage;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The record store in PostgreSQL: the newest records in memory, the others in partitions that are dropped whole.</summary>
/// <remarks>
/// A record is in exactly one of the two for every question: one that is asked knows up to where the database has what memory
/// has not, and leaves out what the database has beyond. Records, counts and position are written in one transaction.
/// </remarks>
internal sealed partial class PostgresRecordStore : IRecordStore, IDisposable
{
    private const string Consumer = "records";

    private const string MakePosition = "INSERT INTO positions (consumer, sequence) VALUES ($1, 0) ON CONFLICT (consumer) DO NOTHING";

    // So that of two writers one waits and then sees what the other wrote.
    private const string LockPosition = "SELECT sequence FROM positions WHERE consumer = $1 FOR UPDATE";

    private const string CountAll = """
        SELECT coalesce((SELECT sequence FROM positions WHERE consumer = $1), 0),
            coalesce((SELECT sum(records) FROM record_partitions), 0)::bigint + (SELECT count(*) FROM records_default)
        """;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly PostgresDatabase _database;
    private readonly PostgresPartitions _partitioning;
    private readonly RecordCopyBuffers _copy = new();
    private readonly PostgresStoreOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private RecordTail _tail;
    private RecordPartition[] _partitions;
    private long _applied;

    // The last flush failed: what there is may be otherwise than remembered.
    private bool _isUnsure;

    private PostgresRecordStore(
        PostgresDatabase database, PostgresStoreOptions options, long applied, RecordPartition[] partitions, TimeProvider clock, ILogger logger)
    {
        _database = database;
        _partitioning = new PostgresPartitions(options.KeepOf);
        _options = options;
        _clock = clock;
        _logger = logger;
        _applied = applied;
        _tail = new RecordTail(applied);
        _partitions = partitions;
    }

    public long AppliedSequence
    {
        get
        {
            lock (_gate)
            {
                return _applied;
            }
        }
    }

    public long PendingBytes
    {
        get
        {
            lock (_gate)
            {
                return _tail.Bytes;
            }
        }
    }

    public RecordFlow Flow
    {
        get
        {
            lock (_gate)
            {
                return _tail.Flow;
            }
        }
    }

    /// <summary>The partitions that there are.</summary>
    public IReadOnlyList<RecordPartition> Partitions => Volatile.Read(ref _partitions);

    public static async Task<PostgresRecordStore> OpenAsync(
        PostgresDatabase database, PostgresStoreOptions options, TimeProvider clock, ILogger<PostgresRecordStore> logger, CancellationToken cancellationToken)
    {
        var (applied, partitions) = await LoadAsync(database, cancellationToken).ConfigureAwait(false);
        return new PostgresRecordStore(database, options, applied, partitions, clock, logger);
    }

    /// <summary>One that another server writes: it answers with what the database has, until <see cref="TakeOverAsync"/>.</summary>
    public static PostgresRecordStore OpenToRead(
        PostgresDatabase database, PostgresStoreOptions options, TimeProvider clock, ILogger<PostgresRecordStore> logger) =>
        new(database, options, long.MaxValue, [], clock, logger);

    /// <summary>From now on this server writes, from where the other one ended.</summary>
    public async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        var (applied, partitions) = await LoadAsync(_database, cancellationToken).ConfigureAwait(false);
        ReplacePartitions(_ => partitions);
        lock (_gate)
        {
            _applied = applied;
            _tail = new RecordTail(applied);
        }
    }

    private static Task<(long Applied, RecordPartition[] Partitions)> LoadAsync(PostgresDatabase database, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async c => (
                await PostgresPositions.GetAsync(c, Consumer, cancellationToken).ConfigureAwait(false),
                (await PostgresPartitions.ListAsync(c, cancellationToken).ConfigureAwait(false)).ToArray()),
            cancellationToken);

    public void Add(Engine.Records.RecordBatch batch)
    {
        lock (_gate)
        {
            _tail.Add(batch, _clock.GetTimestamp());
        }
    }

    public void Annotate(long firstSequence, BatchAnnotations annotations)
    {
        lock (_gate)
        {
            _tail.Annotate(firstSequence, annotations);
        }
    }

    public async Task FlushAsync(bool all, CancellationToken cancellationToken)
    {
        await _flushing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (TakeNext(all) is { } entries)
            {
                if (_isUnsure)
                {
                    await ReadPartitionsAsync(cancellationToken).ConfigureAwait(false);
                }

                _isUnsure = true;
                await MakePartitionsAsync(entries, cancellationToken).ConfigureAwait(false);
                var written = await WriteAsync(entries, cancellationToken).ConfigureAwait(false);
                _isUnsure = false;
                FaultPoints.Hit("store-published");
                lock (_gate)
                {
                    _tail.RemoveFirst(entries.Count(e => e.Batch.LastSequence <= written));
                    _applied = written;
                }
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    public async Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken)
    {
        var (tail, applied) = Snapshot();
        var newest = tail.Find(query, cancellationToken);
        var stored = await _database.ReadAsync(
            async c =>
            {
                var narrowed = await PostgresRecordCounts.NarrowAsync(c, query, cancellationToken).ConfigureAwait(false);
                var sql = RecordSql.Find(narrowed, applied);
                return await Sql.ListAsync(c, sql.Text, sql.Values, RecordRow.Read, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        if (newest.Count == 0)
        {
            return stored;
        }

        return [.. newest.Concat(stored).Order(RecordOrder.OfAnswer(query.OldestFirst)).Take(query.Limit)];
    }

    public async Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length == 0)
        {
            return null;
        }

        var (tail, applied) = Snapshot();
        return tail.FindById(System.Text.Encoding.UTF8.GetBytes(id))
            ?? await FindOneAsync(RecordSql.FindById(id, applied), cancellationToken).ConfigureAwait(false);
    }

    public async Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken)
    {
        var (tail, applied) = Snapshot();
        return tail.FindBySequence(sequence)
            ?? await FindOneAsync(RecordSql.FindBySequence(sequence, applied), cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken)
    {
        var (tail, applied) = Snapshot();
        var groups = new CountGroups(query);
        if (PostgresRecordCounts.CanAnswer(query))
        {
            // Counts of minutes do not say which records are in them, but the position beside them does.
            var stored = await PostgresRecordCounts.AddToAsync(_database, Consumer, groups, cancellationToken).ConfigureAwait(false);
            tail.After(stored).AddTo(groups, cancellationToken);
            return groups.ToRows();
        }

        tail.AddTo(groups, cancellationToken);
        var sql = RecordSql.Count(query, applied);
        var rows = await _database.ReadAsync(
            c => Sql.ListAsync(c, sql.Text, sql.Values, CountedSpan.Read, cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            groups.AddFound(row.Series, query.IntervalNanos == 0 ? query.Where.FromNanos : CountQuery.StartOf(row.Span), row.Records, row.Weight);
        }

        return groups.ToRows();
    }

    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var tail = Snapshot().Tail;
        var (sequence, records) = await _database.ReadAsync(
            async c => (await Sql.ListAsync(c, CountAll, [Consumer], r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))[0],
            cancellationToken).ConfigureAwait(false);
        return tail.After(sequence).Count + records;
    }

    public void Dispose() => _flushing.Dispose();

    private TailEntry[]? TakeNext(bool all)
    {
        lock (_gate)
        {
            return _tail.TakeDue(all, _options.MaxRows, _options.MaxBytes, addedAt => _clock.GetElapsedTime(addedAt) >= _options.MaxAge);
        }
    }

    private (TailSnapshot Tail, long Applied) Snapshot()
    {
        lock (_gate)
        {
            return (_tail.Snapshot(), _applied);
        }
    }

    /// <summary>Writes what the database lacks of the batches; up to where it has them now.</summary>
    private Task<long> WriteAsync(TailEntry[] entries, CancellationToken cancellationToken) => _database.WriteBesideAsync(
        async connection =>
        {
            // After a commit whose answer was lost the database may have them already.
            await Sql.ExecuteAsync(connection, MakePosition, [Consumer], cancellationToken).ConfigureAwait(false);
            var stored = (long)(await Sql.ScalarAsync(connection, LockPosition, [Consumer], cancellationToken).ConfigureAwait(false))!;
            var last = entries[^1].Batch.LastSequence;
            if (stored >= last)
            {
                return stored;
            }

            _copy.Collect(entries.Where(e => e.Batch.LastSequence > stored), Partitions, _partitioning);
            await _copy.SendAsync(connection, cancellationToken).ConfigureAwait(false);
            FaultPoints.Hit("store-files-written");
            await PostgresPositions.AdvanceAsync(connection, Consumer, last, cancellationToken).ConfigureAwait(false);
            return last;
        },
        cancellationToken);

    private async Task<StoredRecord?> FindOneAsync(RecordSql sql, CancellationToken cancellationToken) =>
        (await _database.ReadAsync(
            c => Sql.ListAsync(c, sql.Text, sql.Values, RecordRow.Read, cancellationToken), cancellationToken).ConfigureAwait(false))
            .FirstOrDefault();
}
