namespace Culprit.Engine.Patterns;

/// <summary>Words that were seen as the value of a variable somewhere: names of people, hosts, tables.</summary>
/// <remarks>Two such words are enough to see a variable elsewhere. Bounded; the oldest leaves first.</remarks>
internal sealed class ValueWords(int capacity)
{
    private readonly HashSet<ulong> _words = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>Grows with every new word.</summary>
    public long Version { get; private set; }

    public bool Contains(ulong word) => _words.Contains(word);

    public void Add(ulong word)
    {
        if (!_words.Add(word))
        {
            return;
        }

        Version++;
        _order.Enqueue(word);
        if (_order.Count > capacity)
        {
            _words.Remove(_order.Dequeue());
        }
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number((ulong)Version);
        writer.Number(_order.Count);
        foreach (var word in _order)
        {
            writer.Hash(word);
        }
    }

    public void Read(ref SnapshotReader reader)
    {
        var version = (long)reader.Number();
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            Add(reader.Hash());
        }

        Version = version;
    }
}
