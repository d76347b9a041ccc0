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
}
