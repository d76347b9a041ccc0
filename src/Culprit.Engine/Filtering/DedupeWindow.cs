using System.IO.Hashing;
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

    /// <summary>The sequence of the first occurrence that this record repeats, or -1.</summary>
    public long Observe(in LogRecord record, long timeNanos)
    {
        var message = record.Body;
        if (prefixBytes > 0 && message.Length > prefixBytes)
        {
            message = message[..prefixBytes];
        }

        var key = XxHash3.HashToUInt64(message, (long)record.Severity);
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

        if (budget.Left > 0 && _young.Set(key, timeNanos, record.Sequence))
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

    public void Restore(DedupeState state)
    {
        budget.Left += _young.Count + _old.Count;
        _youngSince = state.YoungSince;
        _young.Restore(state.Young);
        _old.Restore(state.Old);
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

/// <summary>A <see cref="DedupeWindow"/> at rest.</summary>
internal sealed record DedupeState(long YoungSince, OccurrenceState Young, OccurrenceState Old);
