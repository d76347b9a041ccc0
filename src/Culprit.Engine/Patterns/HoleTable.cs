namespace Culprit.Engine.Patterns;

/// <summary>The open questions, bounded: the least recently touched leaves first.</summary>
internal sealed class HoleTable(int capacity)
{
    private readonly Dictionary<ulong, Hole> _holes = [];
    private readonly Queue<ulong> _clock = new();

    public int Count => _holes.Count;

    public IEnumerable<Hole> All => _clock.Where(_holes.ContainsKey).Select(k => _holes[k]);

    public Hole? Find(ulong key) => _holes.GetValueOrDefault(key);

    public Hole GetOrAdd(ulong key)
    {
        if (_holes.TryGetValue(key, out var hole))
        {
            return hole;
        }

        while (_holes.Count >= capacity)
        {
            var oldest = _clock.Dequeue();
            if (!_holes.TryGetValue(oldest, out var candidate))
            {
                continue;
            }

            if (candidate.Touched)
            {
                candidate.Touched = false;
                _clock.Enqueue(oldest);
                continue;
            }

            _holes.Remove(oldest);
        }

        hole = new Hole(key);
        _holes.Add(key, hole);
        _clock.Enqueue(key);
        if (_clock.Count > 4 * capacity)
        {
            CompactClock();
        }

        return hole;
    }

    public void Remove(ulong key) => _holes.Remove(key);

    // Closed questions leave their keys behind.
    private void CompactClock()
    {
        for (var i = _clock.Count; i > 0; i--)
        {
            var key = _clock.Dequeue();
            if (_holes.ContainsKey(key))
            {
                _clock.Enqueue(key);
            }
        }
    }

    // The clock is kept as it is, keys of closed questions included: they decide when an open one leaves.
    public void Save(SnapshotWriter writer)
    {
        writer.Number(_clock.Count);
        foreach (var key in _clock)
        {
            writer.Hash(key);
        }

        writer.Number(_holes.Count);
        foreach (var key in _clock.Distinct())
        {
            if (_holes.TryGetValue(key, out var hole))
            {
                hole.Save(writer);
            }
        }
    }

    public void Read(ref SnapshotReader reader)
    {
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            _clock.Enqueue(reader.Hash());
        }

        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            var hole = Hole.Read(ref reader);
            _holes.TryAdd(hole.Key, hole);
        }
    }
}
