using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <content>Partitions are made, filled from elsewhere, and dropped.</content>
internal sealed partial class PostgresRecordStore
{
    // Of at most 1,024 records each.
    private const int ImportedBatches = 32;

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
