using System.Runtime.CompilerServices;
using Culprit.Engine.Records;
using Culprit.Server.Journal;

namespace Culprit.Tests.Detection;

/// <summary>A journal in memory that can be read again from any sequence.</summary>
internal sealed class ListJournal : IJournal
{
    private readonly Lock _gate = new();
    private readonly List<JournalEntry> _entries = [];
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong Id => 42;

    public double Fill => 0;

    public long LastSequence
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count == 0 ? 0 : _entries[^1].LastSequence;
            }
        }
    }

    /// <param name="batch">Null for a tick.</param>
    public JournalEntry Write(RecordBatch? batch, long tickNanos)
    {
        lock (_gate)
        {
            var entry = new JournalEntry(LastSequence + 1, batch?.At(LastSequence + 1), tickNanos);
            _entries.Add(entry);
            _written.TrySetResult();
            _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return entry;
        }
    }

    public Task<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken) =>
        Task.FromResult(new AppendResult(Write(batch, 0).Batch, null, default));

    public Task AppendTickAsync(long tickNanos, CancellationToken cancellationToken)
    {
        Write(null, tickNanos);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<JournalEntry> ReadAsync(long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = afterSequence;
        while (true)
        {
            Task written;
            List<JournalEntry> next;
            lock (_gate)
            {
                written = _written.Task;
                next = [.. _entries.Where(e => e.Sequence > after)];
            }

            foreach (var entry in next)
            {
                yield return entry;
                after = entry.LastSequence;
            }

            if (next.Count == 0)
            {
                await written.WaitAsync(cancellationToken);
            }
        }
    }

    public void Trim(long throughSequence) => throw new NotSupportedException();
}
