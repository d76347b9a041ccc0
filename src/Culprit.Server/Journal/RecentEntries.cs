using System.Diagnostics;

namespace Culprit.Server.Journal;

/// <summary>The newest entries in memory, and the bell that wakes readers.</summary>
/// <remarks>Bounded in bytes; the oldest leave first and are then read from disk.</remarks>
internal sealed class RecentEntries(long maxBytes, long lastSequence)
{
    // What an entry costs besides its records, roughly.
    private const long EntryOverhead = 128;

    private readonly Lock _lock = new();
    private JournalEntry[] _ring = new JournalEntry[64];
    private int _head;
    private int _count;
    private long _bytes;
    private long _last = lastSequence;
    private bool _closed;
    private TaskCompletionSource? _bell;

    /// <summary>Newest entry that readers may see.</summary>
    public long LastSequence => Volatile.Read(ref _last);

    public void Add(ReadOnlySpan<StagedFrame> frames)
    {
        TaskCompletionSource? bell;
        lock (_lock)
        {
            foreach (ref readonly var frame in frames)
            {
                AddLocked(frame.Entry);
            }

            bell = TakeBellLocked();
        }

        bell?.TrySetResult();
    }

    /// <summary>Ends all readers.</summary>
    public void Close()
    {
        TaskCompletionSource? bell;
        lock (_lock)
        {
            _closed = true;
            bell = TakeBellLocked();
        }

        bell?.TrySetResult();
    }

    /// <summary>Copies entries after a sequence.</summary>
    /// <param name="count">How many were copied, when the answer is <see cref="RecentRead.Entries"/>.</param>
    /// <param name="bell">Completes when it is worth asking again, when the answer is <see cref="RecentRead.Wait"/>.</param>
    public RecentRead Read(long after, Span<JournalEntry> into, out int count, out Task bell)
    {
        count = 0;
        bell = Task.CompletedTask;
        lock (_lock)
        {
            if (_closed)
            {
                return RecentRead.Closed;
            }

            if (after >= _last)
            {
                _bell ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                bell = _bell.Task;
                return RecentRead.Wait;
            }

            if (_count == 0 || after + 1 < AtLocked(0).Sequence)
            {
                return RecentRead.OnDisk;
            }

            var from = FindLocked(after);
            count = Math.Min(into.Length, _count - from);
            for (var i = 0; i < count; i++)
            {
                into[i] = AtLocked(from + i);
            }

            return RecentRead.Entries;
        }
    }

    private void AddLocked(JournalEntry entry)
    {
        Debug.Assert(entry.Sequence == _last + 1, "the writer numbers entries without gaps");
        if (_count == _ring.Length)
        {
            GrowLocked();
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = entry;
        _count++;
        _bytes += Cost(entry);
        Volatile.Write(ref _last, entry.LastSequence);
        while (_bytes > maxBytes)
        {
            _bytes -= Cost(_ring[_head]);
            _ring[_head] = default;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }
    }

    private void GrowLocked()
    {
        var larger = new JournalEntry[_ring.Length * 2];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = AtLocked(i);
        }

        _ring = larger;
        _head = 0;
    }

    private JournalEntry AtLocked(int index) => _ring[(_head + index) & (_ring.Length - 1)];

    private int FindLocked(long after)
    {
        int low = 0, high = _count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (AtLocked(middle).LastSequence > after)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private TaskCompletionSource? TakeBellLocked()
    {
        var bell = _bell;
        _bell = null;
        return bell;
    }

    private static long Cost(JournalEntry entry) =>
        EntryOverhead + (entry.Batch is { } batch ? batch.Bytes.Length + (4L * batch.Count) : 0);
}

/// <summary>Where a reader finds its next entries.</summary>
internal enum RecentRead
{
    Entries = 0,
    OnDisk = 1,
    Wait = 2,
    Closed = 3,
}
