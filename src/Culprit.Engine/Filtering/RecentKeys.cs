using System.Diagnostics.CodeAnalysis;

namespace Culprit.Engine.Filtering;

/// <summary>Values of the keys that were used last: at the capacity the one not used for longest leaves, and is counted.</summary>
/// <remarks>The same uses in the same order leave the same keys. Not thread-safe.</remarks>
internal sealed class RecentKeys<TValue>(int capacity)
{
    private readonly Dictionary<ulong, LinkedListNode<KeyValuePair<ulong, TValue>>> _nodes = [];
    private readonly LinkedList<KeyValuePair<ulong, TValue>> _byUse = [];

    public int Count => _nodes.Count;

    /// <summary>Keys that had to leave since the start.</summary>
    public long Evicted { get; private set; }

    /// <summary>Keys and values, the one not used for longest first.</summary>
    public IEnumerable<KeyValuePair<ulong, TValue>> OldestFirst => _byUse;

    /// <summary>The value of the key, which thereby counts as used.</summary>
    public bool TryGet(ulong key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_nodes.TryGetValue(key, out var node))
        {
            value = default;
            return false;
        }

        _byUse.Remove(node);
        _byUse.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    /// <summary>Adds the key or gives it another value; either way it counts as used.</summary>
    public void Set(ulong key, TValue value)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
        }
        else if (_nodes.Count >= capacity)
        {
            node = _byUse.First!;
            _byUse.RemoveFirst();
            _nodes.Remove(node.Value.Key);
            _nodes.Add(key, node);
            Evicted++;
        }
        else
        {
            node = new LinkedListNode<KeyValuePair<ulong, TValue>>(default);
            _nodes.Add(key, node);
        }

        node.Value = new(key, value);
        _byUse.AddLast(node);
    }
}
