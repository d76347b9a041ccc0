using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>What the engine found out about the records of one batch, index by index.</summary>
internal sealed class BatchAnnotations(int count)
{
    /// <summary>Pattern of each log record; none for other kinds.</summary>
    public PatternId[] Patterns { get; } = new PatternId[count];

    /// <summary>Sequence of the first occurrence that the record repeats, or -1.</summary>
    public long[] DuplicateOf { get; } = CreateNone(count);

    private static long[] CreateNone(int count)
    {
        var none = new long[count];
        Array.Fill(none, -1);
        return none;
    }
}

/// <summary>Log records, metric points, spans, changes and custom events: high volume, append-only.</summary>
/// <remarks>
/// Batches arrive once they are durable in the journal, in sequence. <see cref="Add"/> makes a batch readable at once;
/// <see cref="Annotate"/> follows when the engine has seen it, and only annotated batches are written to segments.
/// A batch at or below <see cref="AppliedSequence"/> is ignored, so a replay changes nothing.
/// </remarks>
internal interface IRecordStore
{
    /// <summary>Everything up to here is durable in the store itself; the journal may forget it.</summary>
    long AppliedSequence { get; }

    /// <summary>Bytes of batches that are readable but not yet durable in the store: what presses on memory.</summary>
    long PendingBytes { get; }

    /// <summary>What went through since the start.</summary>
    RecordFlow Flow { get; }

    /// <summary>Makes a durable batch readable.</summary>
    void Add(RecordBatch batch);

    /// <summary>Hands over what the engine found about a batch that was added before, in order.</summary>
    void Annotate(long firstSequence, BatchAnnotations annotations);

    /// <summary>Writes what is annotated and large or old enough (all of it when <paramref name="all"/>) to the store.</summary>
    Task FlushAsync(bool all, CancellationToken cancellationToken);

    /// <summary>At most <see cref="RecordQuery.Limit"/> records in the order asked for.</summary>
    Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken);

    /// <summary>The record with the sender's id <paramref name="id"/>, or null.</summary>
    Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken);

    /// <summary>The record at <paramref name="sequence"/>, or null.</summary>
    Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken);

    /// <summary>How many records match in each span of time and each group, the tail in memory included; groups without records are left out.</summary>
    /// <exception cref="TooManyGroupsException">There are more than <see cref="CountQuery.MaxGroups"/>.</exception>
    Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken);

    /// <summary>How many records it holds, the tail in memory included.</summary>
    Task<long> CountAsync(CancellationToken cancellationToken);
}
