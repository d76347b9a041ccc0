using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.Json.Serialization;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>First occurrences by message hash: 16 bytes each, open addressing, no removal but of all at once.</summary>
/// <remarks>
/// Times are kept in steps of 100 microseconds and both times and sequences relative to the first entry; what lies too far
/// from it (two days, two thousand million records) is not kept.
/// </remarks>
internal sealed class OccurrenceTable
{
    private const int SmallestCapacity = 64;
    private const long NanosPerStep = 100_000;

    private Slot[] _slots = new Slot[SmallestCapacity];
    private long _baseTime;
    private long _baseSequence;

    public int Count { get; private set; }

    public bool TryGet(ulong key, out long timeNanos, out long sequence)
    {
        ref readonly var slot = ref Find(_slots, Normal(key));
        timeNanos = _baseTime + (slot.Time * NanosPerStep);
        sequence = _baseSequence + slot.Sequence;
        return slot.Key != 0;
    }

    /// <summary>Has the processor fetch the key's slot: under load a table is larger than its caches, and two misses a record are dear.</summary>
    public unsafe void Prefetch(ulong key)
    {
        if (Sse.IsSupported)
        {
            // Only a hint: when the array moves in between, another line is fetched.
            Sse.Prefetch0(Unsafe.AsPointer(ref _slots[(int)(Normal(key) & (ulong)(_slots.Length - 1))]));
        }
    }

    /// <summary>Adds or replaces; true when an entry was added.</summary>
    public bool Set(ulong key, long timeNanos, long sequence)
    {
        if (Count == 0)
        {
            _baseTime = timeNanos / NanosPerStep * NanosPerStep;
            _baseSequence = sequence;
        }

        var time = (timeNanos - _baseTime) / NanosPerStep;
        var relative = sequence - _baseSequence;
        if (time != (int)time || relative != (int)relative)
        {
            return false;
        }

        if (4 * (Count + 1) > 3 * _slots.Length)
        {
            Grow();
        }

        ref var slot = ref Find(_slots, Normal(key));
        var isNew = slot.Key == 0;
        slot = new Slot(Normal(key), (int)time, (int)relative);
        Count += isNew ? 1 : 0;
        return isNew;
    }

    /// <summary>Forgets all; a table that was much larger than its use gives memory back.</summary>
    public void Clear()
    {
        if (_slots.Length > SmallestCapacity && _slots.Length > 8 * Count)
        {
            _slots = new Slot[Math.Max(SmallestCapacity, _slots.Length / 4)];
        }
        else
        {
            Array.Clear(_slots);
        }

        Count = 0;
    }

    public OccurrenceState ToState() => new(_baseTime, _baseSequence, Count);

    /// <summary>The entries at rest.</summary>
    /// <param name="bytes">At least <see cref="OccurrenceState.Bytes"/> of them.</param>
    /// <returns>The bytes that follow.</returns>
    public Span<byte> Save(Span<byte> bytes)
    {
        var packed = MemoryMarshal.Cast<byte, Slot>(bytes);
        var next = 0;
        foreach (ref readonly var slot in _slots.AsSpan())
        {
            if (slot.Key != 0)
            {
                packed[next++] = slot;
            }
        }

        return bytes[(int)ToState().Bytes..];
    }

    /// <param name="bytes">What <see cref="Save"/> wrote.</param>
    public void Restore(OccurrenceState state, ReadOnlySpan<byte> bytes)
    {
        Clear();
        var packed = MemoryMarshal.Cast<byte, Slot>(bytes);
        var capacity = SmallestCapacity;
        while (3 * capacity < 4 * (packed.Length + 1))
        {
            capacity *= 2;
        }

        _slots = new Slot[capacity];
        _baseTime = state.BaseTime;
        _baseSequence = state.BaseSequence;
        foreach (ref readonly var slot in packed)
        {
            Find(_slots, slot.Key) = slot;
        }

        Count = packed.Length;
    }

    private static ulong Normal(ulong key) => key == 0 ? 1 : key;

    private static ref Slot Find(Slot[] slots, ulong key)
    {
        var mask = slots.Length - 1;
        var at = (int)(key & (ulong)mask);
        while (slots[at].Key != 0 && slots[at].Key != key)
        {
            at = (at + 1) & mask;
        }

        return ref slots[at];
    }

    private void Grow()
    {
        var larger = new Slot[_slots.Length * 2];
        foreach (ref readonly var slot in _slots.AsSpan())
        {
            if (slot.Key != 0)
            {
                Find(larger, slot.Key) = slot;
            }
        }

        _slots = larger;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Slot(ulong Key, int Time, int Sequence);
}

/// <summary>An <see cref="OccurrenceTable"/> at rest, but for its entries, which are many.</summary>
internal sealed record OccurrenceState(long BaseTime, long BaseSequence, int Count)
{
    /// <summary>Size of the entries.</summary>
    [JsonIgnore]
    public long Bytes => (long)Count * Marshal.SizeOf<OccurrenceTable.Slot>();
}
