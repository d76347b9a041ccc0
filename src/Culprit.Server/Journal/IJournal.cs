using Culprit.Engine.Records;

namespace Culprit.Server.Journal;

/// <summary>What the journal answers to an append.</summary>
/// <param name="Batch">The durable batch under its final sequence; null when refused.</param>
/// <param name="Refusal">Why nothing was written, in words for the sender; null on success.</param>
/// <param name="RetryAfter">When a refused sender should come back.</param>
internal readonly record struct AppendResult(RecordBatch? Batch, string? Refusal, TimeSpan RetryAfter)
{
    public bool Accepted => Batch is not null;
}

/// <summary>One entry of the journal: records, or a tick of the clock.</summary>
/// <param name="Sequence">Of the tick, or of the batch's first record.</param>
/// <param name="Batch">The records; null for a tick.</param>
/// <param name="TickNanos">The tick's time in Unix nanoseconds; 0 for records.</param>
internal readonly record struct JournalEntry(long Sequence, RecordBatch? Batch, long TickNanos)
{
    public long LastSequence => Batch?.LastSequence ?? Sequence;
}

/// <summary>Makes records durable in one order, and reads them back in it.</summary>
internal interface IJournal
{
    /// <summary>Random, made with the journal; part of the ids of records that their senders did not name.</summary>
    ulong Id { get; }

    /// <summary>Newest durable sequence; 0 when empty (sequences start at 1).</summary>
    long LastSequence { get; }

    /// <summary>Share of its room that is in use; appends are refused from 0.95.</summary>
    double Fill { get; }

    /// <summary>Completes when the batch is durable (its sync returned 0), or at once when it is refused.</summary>
    Task<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken);

    /// <summary>Writes a tick; completes when it is durable. A refused tick is skipped: the next one covers it.</summary>
    Task AppendTickAsync(long tickNanos, CancellationToken cancellationToken);

    /// <summary>True when an append's answer has the sequences under which its records are read; otherwise they are numbered later.</summary>
    bool NumbersAtOnce => true;

    /// <summary>Completes when whoever reads to <see cref="LastSequence"/> meets everything that was appended before the call.</summary>
    Task SettleAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Durable entries after <paramref name="afterSequence"/> in order, then waits for new ones, until cancelled.</summary>
    IAsyncEnumerable<JournalEntry> ReadAsync(long afterSequence, CancellationToken cancellationToken);

    /// <summary>Every consumer is past this sequence: segments that lie wholly at or below it may be deleted.</summary>
    void Trim(long throughSequence);
}
