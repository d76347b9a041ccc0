using Culprit.Engine.Storage;
using Culprit.Server.Journal;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The record store in PostgreSQL: the newest records in memory, the others in partitions that are dropped whole.</summary>
/// <remarks>
/// A record is in exactly one of the two for every question: one that is asked knows up to where the database has what memory
/// has not, and leaves out what the database has beyond. Records, counts and position are written in one transaction.
/// </remarks>
internal sealed partial class PostgresRecordStore : IRecordStore, IDisposable
{
    private const string Consumer = "records";

    // Of at most 1,024 records each.
    private const int ImportedBatches = 32;

    // Locked, so that of two writers one waits and then sees what the other wrote.
    private const string MakePosition = "INSERT INTO positions (consumer, sequence) VALUES ($1, 0) ON CONFLICT (consumer) DO NOTHING";
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
    private readonly RecordTail _tail;
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

    /// <summary>The partitions that there are.</summary>
    public IReadOnlyList<RecordPartition> Partitions => Volatile.Read(ref _partitions);

    public static async Task<PostgresRecordStore> OpenAsync(
        PostgresDatabase database, PostgresStoreOptions options, TimeProvider clock, ILogger<PostgresRecordStore> logger, CancellationToken cancellationToken)
    {
        var (applied, partitions) = await database.ReadAsync(
            async c => (
                await PostgresPositions.GetAsync(c, Consumer, cancellationToken).ConfigureAwait(false),
                await PostgresPartitions.ListAsync(c, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        return new PostgresRecordStore(database, options, applied, [.. partitions], clock, logger);
    }

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

    /// <summary>Makes the partitions that will be needed soon, and those of records that had to go to the default partition.</summary>
    /// <returns>All partitions, with what is in them.</returns>
    public Task<IReadOnlyList<RecordPartition>> PreparePartitionsAsync(long soonNanos, CancellationToken cancellationToken) => BetweenFlushesAsync(
        async () =>
        {
            await PrepareAsync(soonNanos, cancellationToken).ConfigureAwait(false);
            return await ReadPartitionsAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Drops partitions with their records and counts, one by one.</summary>
    public async Task DropAsync(IReadOnlyList<RecordPartition> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            await BetweenFlushesAsync(
                async () =>
                {
                    await DropAsync(partition, cancellationToken).ConfigureAwait(false);
                    return 0;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PrepareAsync(long soonNanos, CancellationToken cancellationToken)
    {
        foreach (var retentionClass in Partitions.Select(p => p.Class).Distinct().ToList())
        {
            if (!Partitions.Any(p => p.Holds(retentionClass, soonNanos)))
            {
                await MakeAsync(_partitioning.Plan(Partitions, retentionClass, soonNanos), cancellationToken).ConfigureAwait(false);
            }
        }

        while (await FindStrayAsync(cancellationToken).ConfigureAwait(false) is var (strayClass, received))
        {
            await MakeAsync(_partitioning.Plan(Partitions, strayClass, received), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes records that come from elsewhere, all of one class and one time of arrival, in one transaction.</summary>
    /// <param name="check">Called before the commit, with the partition that they are in.</param>
    public async Task ImportAsync(
        IEnumerable<IReadOnlyList<TailEntry>> chunks,
        Func<NpgsqlConnection, string, Task> check,
        int retentionClass,
        long receivedNanos,
        CancellationToken cancellationToken)
    {
        if (!Holds(retentionClass, receivedNanos))
        {
            await MakeAsync(_partitioning.Plan(Partitions, retentionClass, receivedNanos), cancellationToken).ConfigureAwait(false);
        }

        var partition = Partitions.First(p => p.Holds(retentionClass, receivedNanos)).Name;
        await _database.WriteBesideAsync(
            async connection =>
            {
                foreach (var chunk in chunks)
                {
                    for (var first = 0; first < chunk.Count; first += ImportedBatches)
                    {
                        _copy.Collect(chunk.Skip(first).Take(ImportedBatches), Partitions, _partitioning);
                        await _copy.SendAsync(connection, cancellationToken).ConfigureAwait(false);
                    }
                }

                await check(connection, partition).ConfigureAwait(false);
                return 0;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task DropAsync(RecordPartition partition, CancellationToken cancellationToken)
    {
        await _database.WriteBesideAsync(
            async c =>
            {
                await PostgresPartitions.DropAsync(c, partition, cancellationToken).ConfigureAwait(false);
                return 0;
            },
            cancellationToken).ConfigureAwait(false);
        ReplacePartitions(all => [.. all.Where(p => p.Name != partition.Name)]);
    }

    /// <summary>What changes the partitions must not do so under a flush, which has looked where its records go.</summary>
    private async Task<T> BetweenFlushesAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _flushing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _flushing.Release();
        }
    }

    /// <summary>Looks which partitions there are, and what is in them.</summary>
    private async Task<IReadOnlyList<RecordPartition>> ReadPartitionsAsync(CancellationToken cancellationToken)
    {
        var found = await _database.ReadAsync(c => PostgresPartitions.ListAsync(c, cancellationToken), cancellationToken).ConfigureAwait(false);
        ReplacePartitions(_ => [.. found]);
        return found;
    }

    /// <summary>Bytes of each partition with its indexes.</summary>
    public Task<IReadOnlyDictionary<string, long>> SizesAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync(c => PostgresPartitions.SizesAsync(c, cancellationToken), cancellationToken);

    private TailEntry[]? TakeNext(bool all)
    {
        lock (_gate)
        {
            var annotated = _tail.Annotated;
            var (count, rows, bytes) = (0, 0L, 0L);
            while (count < annotated.Length && rows < _options.MaxRows && bytes < _options.MaxBytes)
            {
                rows += annotated[count].Batch.Count;
                bytes += annotated[count].Batch.Bytes.Length;
                count++;
            }

            var isDue = count > 0
                && (all
                    || rows >= _options.MaxRows
                    || bytes >= _options.MaxBytes
                    || _clock.GetElapsedTime(annotated[0].AddedAt) >= _options.MaxAge);
            return isDue ? annotated[..count].ToArray() : null;
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

    private async Task MakePartitionsAsync(TailEntry[] entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            for (var i = 0; i < entry.Batch.Count; i++)
            {
                var retentionClass = entry.Batch[i].Mark.RetentionClass;
                var received = entry.Batch.ReceivedNanos;
                if (!Holds(retentionClass, received))
                {
                    try
                    {
                        await MakeAsync(_partitioning.Plan(Partitions, retentionClass, received), cancellationToken).ConfigureAwait(false);
                    }
                    catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
                    {
                        // Somebody looks at all records for long: these go to the default partition, and are moved later.
                        PartitionNotMade(e.Message);
                        return;
                    }
                }
            }
        }
    }

    private bool Holds(int retentionClass, long received)
    {
        foreach (var partition in _partitions)
        {
            if (partition.Holds(retentionClass, received))
            {
                return true;
            }
        }

        return false;
    }

    private async Task MakeAsync(RecordPartition partition, CancellationToken cancellationToken)
    {
        var isNew = await _database.WriteBesideAsync(
            async c =>
            {
                // After a commit whose answer was lost it is there already.
                var known = await PostgresPartitions.ListAsync(c, cancellationToken).ConfigureAwait(false);
                if (known.Any(p => p.Name == partition.Name))
                {
                    return false;
                }

                await PostgresPartitions.MakeAsync(c, partition, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        ReplacePartitions(all => isNew || all.All(p => p.Name != partition.Name) ? [.. all, partition] : all);
    }


    private async Task<(int Class, long Received)?> FindStrayAsync(CancellationToken cancellationToken) =>
        (await _database.ReadAsync(
            c => Sql.ListAsync(
                c, "SELECT class, received FROM records_default LIMIT 1", [], r => ((int, long)?)(r.GetInt16(0), r.GetInt64(1)), cancellationToken),
            cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    private async Task<StoredRecord?> FindOneAsync(RecordSql sql, CancellationToken cancellationToken) =>
        (await _database.ReadAsync(
            c => Sql.ListAsync(c, sql.Text, sql.Values, RecordRow.Read, cancellationToken), cancellationToken).ConfigureAwait(false))
            .FirstOrDefault();

    private void ReplacePartitions(Func<RecordPartition[], RecordPartition[]> change)
    {
        lock (_gate)
        {
            _partitions = change(_partitions);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A partition could not be made in time, records go to the default partition for now: {Reason}")]
    private partial void PartitionNotMade(string reason);
}
