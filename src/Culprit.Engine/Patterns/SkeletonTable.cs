using System.Numerics;
using System.Runtime.CompilerServices;

namespace Culprit.Engine.Patterns;

/// <summary>Skeletons by key: open addressing, one cache line a hit. Evicts by a clock hand when full.</summary>
internal sealed class SkeletonTable
{
    private const int MinSize = 256;

    private readonly int _capacity;
    private ulong[] _keys = new ulong[MinSize];
    private Skeleton?[] _values = new Skeleton?[MinSize];

    // The outlines, each half by itself: a new template is compared with several at a time.
    private ulong[] _words = new ulong[MinSize];
    private ulong[] _ends = new ulong[MinSize];
    private int _hand;

    public SkeletonTable(int capacity) => _capacity = Math.Max(16, capacity);

    public int Count { get; private set; }

    public bool IsFull => Count >= _capacity;

    public IEnumerable<Skeleton> All => _values.OfType<Skeleton>();

    /// <summary>Every skeleton that the template may cover, as far as their outlines tell; others among them.</summary>
    public void FindCases(Skeleton template, List<Skeleton> found)
    {
        found.Clear();
        var required = Outline.Required(template, out var mask);
        var width = Vector<ulong>.Count;
        for (var at = 0; at < _keys.Length; at += width)
        {
            var words = (new Vector<ulong>(_words, at) ^ new Vector<ulong>(required.Words)) & new Vector<ulong>(mask.Words);
            var ends = (new Vector<ulong>(_ends, at) ^ new Vector<ulong>(required.Ends)) & new Vector<ulong>(mask.Ends);
            if (!Vector.EqualsAny(words | ends, Vector<ulong>.Zero))
            {
                continue;
            }

            for (var i = at; i < at + width; i++)
            {
                if (_values[i] is { } skeleton && new Outline(_words[i], _ends[i]).Has(required, mask))
                {
                    found.Add(skeleton);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Skeleton? Find(ulong key)
    {
        var keys = _keys;
        var mask = keys.Length - 1;
        var at = (int)(key >> 7) & mask;
        while (true)
        {
            var found = keys[at];
            if (found == key)
            {
                return _values[at];
            }

            if (found == 0)
            {
                return null;
            }

            at = (at + 1) & mask;
        }
    }

    /// <summary>Adds a skeleton whose key is not there; returns the one that had to leave, if any.</summary>
    public Skeleton? Add(Skeleton skeleton)
    {
        var evicted = IsFull ? Evict() : null;
        if ((Count + 1) * 2 > _keys.Length)
        {
            Grow();
        }

        Place(skeleton);
        Count++;
        skeleton.Pattern.Live++;
        return evicted;
    }

    // Second chance: what was used since the last round stays.
    private Skeleton Evict()
    {
        for (var step = 0; ; step++)
        {
            _hand = (_hand + 1) & (_keys.Length - 1);
            if (_values[_hand] is not { } candidate)
            {
                continue;
            }

            if (candidate.Touched)
            {
                candidate.Touched = false;
                continue;
            }

            // A template works for its cases without being touched itself.
            if (candidate.IsTemplate && candidate.Pattern.Live > 1 && step < 3 * _keys.Length)
            {
                continue;
            }

            Remove(_hand);
            Count--;
            candidate.Pattern.Live--;
            return candidate;
        }
    }

    private void Remove(int at)
    {
        // Closes the gap, so that no search stops early.
        var mask = _keys.Length - 1;
        var gap = at;
        while (true)
        {
            at = (at + 1) & mask;
            if (_keys[at] == 0)
            {
                break;
            }

            var home = (int)(_keys[at] >> 7) & mask;
            if (((at - home) & mask) >= ((at - gap) & mask))
            {
                _keys[gap] = _keys[at];
                _values[gap] = _values[at];
                _words[gap] = _words[at];
                _ends[gap] = _ends[at];
                gap = at;
            }
        }

        _keys[gap] = 0;
        _values[gap] = null;
        _words[gap] = _ends[gap] = 0;
    }

    private void Grow()
    {
        var old = _values;
        Clear(_keys.Length * 2);
        _hand = 0;
        foreach (var skeleton in old)
        {
            if (skeleton is not null)
            {
                Place(skeleton);
            }
        }
    }

    private void Place(Skeleton skeleton)
    {
        var mask = _keys.Length - 1;
        var at = (int)(skeleton.Id >> 7) & mask;
        while (_keys[at] != 0)
        {
            at = (at + 1) & mask;
        }

        Put(at, skeleton);
    }

    private void Put(int at, Skeleton skeleton)
    {
        _keys[at] = skeleton.Id;
        _values[at] = skeleton;
        (_words[at], _ends[at]) = Outline.Of(skeleton);
    }

    private void Clear(int size)
    {
        _keys = new ulong[size];
        _values = new Skeleton?[size];
        _words = new ulong[size];
        _ends = new ulong[size];
    }

    // Positions are kept: the eviction hand goes by them.
    public void Save(SnapshotWriter writer, Dictionary<Pattern, int> patterns)
    {
        writer.Number(_keys.Length);
        writer.Number(_hand);
        writer.Number(Count);
        for (var i = 0; i < _values.Length; i++)
        {
            if (_values[i] is { } skeleton)
            {
                writer.Number(i);
                writer.Number(patterns[skeleton.Pattern]);
                skeleton.Save(writer);
            }
        }
    }

    public bool TryRead(ref SnapshotReader reader, int patterns, out List<(Skeleton Member, int Pattern)> members)
    {
        members = [];
        var size = reader.Number(1 << 28);
        if (reader.Failed || size < MinSize || !BitOperations.IsPow2(size))
        {
            return false;
        }

        _hand = reader.Number(size - 1);
        var count = reader.Count();
        if (count > size / 2 || size > 4L * Math.Max(_capacity, 128) || count > _capacity)
        {
            return false;
        }

        Clear(size);
        for (; count > 0 && !reader.Failed; count--)
        {
            var at = reader.Number(size - 1);
            var pattern = reader.Number(Math.Max(0, patterns - 1));
            var skeleton = Skeleton.Read(ref reader);
            if (_values[at] is not null || skeleton.Id == 0)
            {
                return false;
            }

            Put(at, skeleton);
            members.Add((skeleton, pattern));
            Count++;
        }

        return !reader.Failed && patterns > 0 == Count > 0;
    }
}
