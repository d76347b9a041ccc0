using System.IO.Hashing;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Recognises repetitions of one service's records: same level and message within the window.</summary>
/// <remarks>
/// The window is fixed from the first occurrence, so a steady repetition shows once per window. Belongs to one service
/// stage; not thread-safe. Occurrences live in two generations that change places when a tick finds the younger one a
/// window old, so at most two windows of occurrences are kept; a generation of <see cref="MaxOccurrences"/> changes early,
/// which can only show a repetition once more.
/// </remarks>
internal sealed class DedupeWindow(TimeSpan window, int prefixBytes)
{
    /// <summary>Occurrences per generation: about 40 MiB for both at worst.</summary>
    internal const int MaxOccurrences = 500_000;

    private readonly long _windowNanos = UnixNanos.From(window);
    private Dictionary<ulong, Occurrence> _young = [];
    private Dictionary<ulong, Occurrence> _old = [];
    private long _youngSince;

    /// <summary>The sequence of the first occurrence that this record repeats, or -1.</summary>
    public long Observe(in LogRecord record, long timeNanos)
    {
        var message = record.Body;
        if (prefixBytes > 0 && message.Length > prefixBytes)
        {
            message = message[..prefixBytes];
        }

        var key = XxHash3.HashToUInt64(message, (long)record.Severity);
        if (_young.TryGetValue(key, out var first) || _old.TryGetValue(key, out first))
        {
            if (Math.Abs(timeNanos - first.TimeNanos) < _windowNanos)
            {
                return first.Sequence;
            }

            if (timeNanos < first.TimeNanos)
            {
                return -1; // A late record opens no window: it would hide the current one.
            }
        }

        if (_young.Count >= MaxOccurrences)
        {
            Turn();
        }

        _young[key] = new Occurrence(timeNanos, record.Sequence);
        return -1;
    }

    /// <summary>Forgets what no record of the present can repeat.</summary>
    public void Tick(long tickNanos)
    {
        if (_youngSince == 0)
        {
            _youngSince = tickNanos;
        }
        else if (tickNanos - _youngSince >= _windowNanos)
        {
            Turn();
            _youngSince = tickNanos;
        }
    }

    public DedupeState ToState() => new(_youngSince, Pack(_young), Pack(_old));

    public void Restore(DedupeState state)
    {
        _youngSince = state.YoungSince;
        Unpack(state.Young, _young);
        Unpack(state.Old, _old);
    }

    private static long[] Pack(Dictionary<ulong, Occurrence> generation)
    {
        var packed = new long[generation.Count * 3];
        var i = 0;
        foreach (var (key, first) in generation)
        {
            packed[i++] = unchecked((long)key);
            packed[i++] = first.TimeNanos;
            packed[i++] = first.Sequence;
        }

        return packed;
    }

    private static void Unpack(long[] packed, Dictionary<ulong, Occurrence> generation)
    {
        generation.Clear();
        for (var i = 0; i + 2 < packed.Length; i += 3)
        {
            generation[unchecked((ulong)packed[i])] = new Occurrence(packed[i + 1], packed[i + 2]);
        }
    }

    private void Turn()
    {
        (_old, _young) = (_young, _old);
        _young.Clear();
    }

    private readonly record struct Occurrence(long TimeNanos, long Sequence);
}

/// <summary>A <see cref="DedupeWindow"/> at rest: triples of key, time and sequence.</summary>
internal sealed record DedupeState(long YoungSince, long[] Young, long[] Old);
