using System.Runtime.CompilerServices;
using Culprit.Engine.Records;
using Culprit.Server.Journal;

namespace Culprit.IntegrationTests.Support;

/// <summary>A journal without a disk that hands what it takes straight to the record store, and can refuse or hold back.</summary>
internal sealed class InMemoryJournal(InMemoryRecordStore records) : IJournal
{
    private readonly Lock _lock = new();

    public ulong Id => 0xC0FFEE;

    public long LastSequence { get; private set; }

    public double Fill { get; set; }

    /// <summary>When set, every append is refused with it.</summary>
    public string? Refusal { get; set; }

    /// <summary>When set, appends wait for it before they become durable.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public int Appends { get; private set; }

    public async Task<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Appends++;
        }

        var refusal = Refusal;
        await Gate.ConfigureAwait(false);
        if (refusal is not null)
        {
            return new AppendResult(null, refusal, TimeSpan.FromSeconds(6.2));
        }

        lock (_lock)
        {
            var durable = batch.At(LastSequence + 1);
            LastSequence = durable.LastSequence;
            records.Add(durable);
            return new AppendResult(durable, null, default);
        }
    }

    public Task AppendTickAsync(long tickNanos, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async IAsyncEnumerable<JournalEntry> ReadAsync(
        long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    public void Trim(long throughSequence) => throw new NotSupportedException();
}
