namespace Culprit.Server.Journal;

/// <summary>Appends that wait for the writer, bounded in bytes.</summary>
internal sealed class AppendQueue(long maxBytes)
{
    private readonly object _gate = new();
    private readonly Queue<PendingAppend> _waiting = new();
    private long _bytes;
    private bool _closed;
    private bool _writerWaits;

    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsEmpty => Bytes == 0;

    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>False when the queue is full or closed.</summary>
    public bool TryAdd(PendingAppend append)
    {
        lock (_gate)
        {
            if (_closed || _bytes + append.FrameBytes > maxBytes)
            {
                return false;
            }

            _waiting.Enqueue(append);
            _bytes += append.FrameBytes;
            if (_writerWaits)
            {
                Monitor.Pulse(_gate);
            }

            return true;
        }
    }

    /// <summary>Waits for appends and takes those that fit in one group; false when the queue is closed and empty.</summary>
    /// <remarks>It never waits for more to come: what arrives during a sync forms the next group.</remarks>
    public bool TakeGroup(List<PendingAppend> into, long maxGroupBytes)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_closed)
                {
                    return false;
                }

                _writerWaits = true;
                Monitor.Wait(_gate);
                _writerWaits = false;
            }

            var taken = 0L;
            while (_waiting.TryPeek(out var next) && (into.Count == 0 || taken + next.FrameBytes <= maxGroupBytes))
            {
                into.Add(_waiting.Dequeue());
                taken += next.FrameBytes;
            }

            _bytes -= taken;
            return true;
        }
    }

    /// <summary>Takes no more; what waits is still written.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }
}
