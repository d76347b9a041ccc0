using System.Buffers;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Rows on their way into partitions, and their counts. Reused; one flush at a time.</summary>
internal sealed class RecordCopyBuffers
{
    private const string DefaultPartition = "records_default";
    private const int SendBytes = 256 * 1024;

    // A burst should not hold its memory for ever.
    private const int KeptBytes = 32 * 1024 * 1024;

    private readonly Dictionary<string, Target> _targets = new(StringComparer.Ordinal);
    private readonly PostgresRecordCounts _counts = new();

    /// <summary>Encodes the batches, each record for the partition that holds it, or else for the default one.</summary>
    public void Collect(IEnumerable<TailEntry> entries, IReadOnlyList<RecordPartition> partitions, PostgresPartitions partitioning)
    {
        Clear();
        RecordPartition? partition = null;
        Target? target = null;
        foreach (var entry in entries)
        {
            var received = entry.Batch.ReceivedNanos;
            for (var i = 0; i < entry.Batch.Count; i++)
            {
                var retentionClass = entry.Batch[i].Mark.RetentionClass;
                if (partition?.Holds(retentionClass, received) != true)
                {
                    var made = partitions.FirstOrDefault(p => p.Holds(retentionClass, received));
                    target = TargetOf(made?.Name ?? DefaultPartition);

                    // Counts know where the record will be once its partition is made.
                    partition = made ?? partitioning.Plan(partitions, retentionClass, received);
                }

                RecordRow.Write(target!.Rows, entry, i);
                target.Records++;
                target.MaxReceived = Math.Max(target.MaxReceived, received);
                _counts.Add(partition.Name, entry, i);
            }
        }
    }

    /// <summary>Writes rows and counts. In a transaction.</summary>
    public async Task SendAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var (name, target) in _targets.Where(t => t.Value.Records > 0))
        {
            await CopyAsync(connection, name, target.Rows.WrittenMemory, cancellationToken).ConfigureAwait(false);
            if (name != DefaultPartition)
            {
                await PostgresPartitions.GrowAsync(connection, name, target.Records, target.MaxReceived, cancellationToken).ConfigureAwait(false);
            }
        }

        await _counts.WriteAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, string table, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        var copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY {table} ({RecordRow.CopyColumns}) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
        try
        {
            await copy.WriteAsync(RecordRow.Header.ToArray(), cancellationToken).ConfigureAwait(false);
            for (var at = 0; at < rows.Length; at += SendBytes)
            {
                await copy.WriteAsync(rows.Slice(at, Math.Min(SendBytes, rows.Length - at)), cancellationToken).ConfigureAwait(false);
            }

            await copy.WriteAsync(RecordRow.Trailer.ToArray(), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await copy.CancelAsync().ConfigureAwait(false);
            throw;
        }

        await copy.DisposeAsync().ConfigureAwait(false);
    }

    private Target TargetOf(string table)
    {
        if (!_targets.TryGetValue(table, out var target))
        {
            _targets.Add(table, target = new Target());
        }

        return target;
    }

    private void Clear()
    {
        _counts.Clear();
        foreach (var (name, target) in _targets.ToList())
        {
            if (target.Records == 0 || target.Rows.Capacity > KeptBytes)
            {
                _targets.Remove(name);
                continue;
            }

            target.Rows.ResetWrittenCount();
            (target.Records, target.MaxReceived) = (0, long.MinValue);
        }
    }

    private sealed class Target
    {
        public ArrayBufferWriter<byte> Rows { get; } = new(SendBytes);

        public long Records { get; set; }

        public long MaxReceived { get; set; } = long.MinValue;
    }
}
