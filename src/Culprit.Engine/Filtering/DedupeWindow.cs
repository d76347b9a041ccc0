using System.IO.Hashing;
using System.Text.Json.Serialization;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Recognises repetitions of one service's records: same level and message within the window.</summary>
/// <remarks>
/// The window is fixed from the first occurrence, so a steady repetition shows once per window. Belongs to one service
/// stage; not thread-safe. Occurrences live in two generations that change places when a tick finds the younger one a
/// window old, so at most two windows of occurrences are kept. When the budget that all services share is spent, the older
/// generation goes early, and then new messages are not remembered: a repetition may show once more, nothing else is lost.
/// </remarks>
internal sealed class DedupeWindow(TimeSpan window, int prefixBytes, DedupeBudget budget)
{
    private readonly long _windowNanos = UnixNanos.From(window);
    private OccurrenceTable _young = new();
    private OccurrenceTable _old = new();
    private long _youngSince;

    /// <summary>What makes a record a repetition of another; what is known of it is fetched from memory meanwhile.</summary>
    public ulong KeyOf(in LogRecord record)
    {
        var message = record.Body;
        if (prefixBytes > 0 && message.Length > prefixBytes)
        {
            message = message[..prefixBytes];
        }

        var key = XxHash3.HashToUInt64(message, (long)record.Severity);
        _young.Prefetch(key);
        _old.Prefetch(key);
        return key;
    }

    /// <summary>The sequence of the first occurrence that a record repeats, or -1.</summary>
    /// <param name="key">From <see cref="KeyOf"/>, called a while before.</param>
    public long Observe(ulong key, long timeNanos, long sequence)
    {
        if (_young.TryGet(key, out var firstNanos, out var first) || _old.TryGet(key, out firstNanos, out first))
        {
            if (Math.Abs(timeNanos - firstNanos) < _windowNanos)
            {
                return first;
            }

            if (timeNanos < firstNanos)
            {
                return -1; // A late record opens no window: it would hide the current one.
            }
        }

        if (budget.Left <= 0)
        {
            Turn();
        }

        if (budget.Left > 0 && _young.Set(key, timeNanos, sequence))
        {
            budget.Left--;
        }

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

    public DedupeState ToState() => new(_youngSince, _young.ToState(), _old.ToState());

    /// <summary>The occurrences at rest: they are many, so they are written where they stay.</summary>
    /// <param name="bytes">At least <see cref="DedupeState.Bytes"/> of them.</param>
    /// <returns>The bytes that follow.</returns>
    public Span<byte> Save(Span<byte> bytes) => _old.Save(_young.Save(bytes));

    /// <param name="bytes">What <see cref="Save"/> wrote.</param>
    public void Restore(DedupeState state, ReadOnlySpan<byte> bytes)
    {
        budget.Left += _young.Count + _old.Count;
        _youngSince = state.YoungSince;
        _young.Restore(state.Young, bytes[..(int)state.Young.Bytes]);
        _old.Restore(state.Old, bytes[(int)state.Young.Bytes..]);
        budget.Left -= _young.Count + _old.Count;
    }

    private void Turn()
    {
        budget.Left += _old.Count;
        _old.Clear();
        (_old, _young) = (_young, _old);
    }
}

/// <summary>How many more occurrences all services together may remember.</summary>
internal sealed class DedupeBudget
{
    /// <summary>Five seconds of 160,000 different messages each; at most about 32 MiB.</summary>
    internal const int MaxOccurrences = 800_000;

    public int Left { get; set; } = MaxOccurrences;
}

/// <summary>A <see cref="DedupeWindow"/> at rest, but for its occurrences.</summary>
internal sealed record DedupeState(long YoungSince, OccurrenceState Young, OccurrenceState Old)
{
    /// <summary>Size of the occurrences.</summary>
    [JsonIgnore]
    public long Bytes => Young.Bytes + Old.Bytes;
}
