namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Threads, connections or capacity of which only so many are free: later users wait for earlier ones.</summary>
internal sealed class SlotPool(int size)
{
    private readonly PriorityQueue<double, double> _busyUntil = new();

    public int Size => size;

    /// <summary>Slots taken at a moment.</summary>
    public int Busy(double at)
    {
        Free(at);
        return _busyUntil.Count;
    }

    /// <summary>Takes a slot at the moment or as soon as one is free; false when that is too late.</summary>
    public bool TryTake(double at, double maxWaitMs, out double start)
    {
        Free(at);
        start = at;
        if (_busyUntil.Count < size)
        {
            return true;
        }

        start = Math.Max(at, _busyUntil.Peek());
        if (start - at > maxWaitMs)
        {
            return false;
        }

        _busyUntil.Dequeue();
        return true;
    }

    /// <summary>Says until when the slot just taken is in use.</summary>
    public void Hold(double until) => _busyUntil.Enqueue(until, until);

    public void Clear() => _busyUntil.Clear();

    private void Free(double at)
    {
        while (_busyUntil.TryPeek(out var end, out _) && end <= at)
        {
            _busyUntil.Dequeue();
        }
    }
}
