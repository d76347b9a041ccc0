namespace Culprit.Server.Ingestion;

/// <summary>A set of 64-bit hashes in one flat array: 16 bytes an entry at most, nothing per entry on the heap.</summary>
internal sealed class IdGeneration
{
    private const int InitialSize = 1024;

    private ulong[] _slots = new ulong[InitialSize];

    public int Count { get; private set; }

    public void Clear()
    {
        if (Count > 0)
        {
            _slots = new ulong[InitialSize];
            Count = 0;
        }
    }

    public bool Contains(ulong hash)
    {
        hash = NonZero(hash);
        var mask = _slots.Length - 1;
        for (var i = (int)hash & mask; _slots[i] != 0; i = (i + 1) & mask)
        {
            if (_slots[i] == hash)
            {
                return true;
            }
        }

        return false;
    }

    public void Add(ulong hash)
    {
        if (2 * (Count + 1) > _slots.Length)
        {
            var old = _slots;
            _slots = new ulong[old.Length * 2];
            foreach (var slot in old)
            {
                if (slot != 0)
                {
                    _slots[Free(slot)] = slot;
                }
            }
        }

        hash = NonZero(hash);
        var at = Free(hash);
        if (_slots[at] == 0)
        {
            _slots[at] = hash;
            Count++;
        }
    }

    private int Free(ulong hash)
    {
        var mask = _slots.Length - 1;
        var i = (int)hash & mask;
        while (_slots[i] != 0 && _slots[i] != hash)
        {
            i = (i + 1) & mask;
        }

        return i;
    }

    // Zero marks an empty slot.
    private static ulong NonZero(ulong hash) => hash == 0 ? 1 : hash;
}
