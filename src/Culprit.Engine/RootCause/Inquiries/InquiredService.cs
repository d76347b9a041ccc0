using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>What one service said before and within the range of an inquiry, part by part.</summary>
internal sealed class InquiredService(string service)
{
    private readonly long[] _records = new long[InquiryRange.Slots];
    private readonly long[] _errors = new long[InquiryRange.Slots];
    private long _recordsBefore;
    private long _errorsBefore;

    public string Service { get; } = service;

    public Dictionary<PatternId, InquiredPattern> Patterns { get; } = [];

    public long FirstNanos { get; private set; } = long.MaxValue;

    public long LastNanos { get; private set; }

    public void Count(long slot, long timeNanos, int weight, bool isError)
    {
        FirstNanos = Math.Min(FirstNanos, timeNanos);
        LastNanos = Math.Max(LastNanos, timeNanos);
        if (slot < 0)
        {
            _recordsBefore += weight;
            _errorsBefore += isError ? weight : 0;
        }
        else
        {
            _records[slot] += weight;
            _errors[slot] += isError ? weight : 0;
        }
    }

    /// <summary>Records and errors in all parts before one.</summary>
    public (long Records, long Errors) Before(int slot) =>
        (_recordsBefore + _records.Take(slot).Sum(), _errorsBefore + _errors.Take(slot).Sum());

    /// <summary>Records and errors from one part on.</summary>
    public (long Records, long Errors) Since(int slot) => (_records.Skip(slot).Sum(), _errors.Skip(slot).Sum());
}

/// <summary>One WARN-or-worse pattern of one service.</summary>
internal sealed class InquiredPattern(PatternId pattern)
{
    private const int MaxSamples = 3;

    private readonly int[] _counts = new int[InquiryRange.Slots];
    private readonly List<RecordRef> _first = [];
    private readonly Queue<RecordRef> _newest = new();

    public PatternId Pattern { get; } = pattern;

    public Severity Severity { get; private set; }

    /// <summary>Event time of its first record, before the range or within.</summary>
    public long FirstNanos { get; private set; } = long.MaxValue;

    public long CountBefore { get; private set; }

    public void Count(long slot, long timeNanos, int weight, Severity severity)
    {
        Severity = severity > Severity ? severity : Severity;
        FirstNanos = Math.Min(FirstNanos, timeNanos);
        if (slot < 0)
        {
            CountBefore += weight;
        }
        else
        {
            _counts[slot] += weight;
        }
    }

    /// <summary>The first few and the newest few are quoted.</summary>
    public void Keep(RecordRef sample)
    {
        if (_first.Count < MaxSamples)
        {
            _first.Add(sample);
            return;
        }

        _newest.Enqueue(sample);
        if (_newest.Count > MaxSamples)
        {
            _newest.Dequeue();
        }
    }

    public long Before(int slot) => CountBefore + _counts.Take(slot).Sum();

    public long Since(int slot) => _counts.Skip(slot).Sum();

    /// <summary>Samples from a moment on, oldest first.</summary>
    public IReadOnlyList<RecordRef> Samples(long sinceNanos) =>
        [.. _first.Concat(_newest).Where(s => s.TimestampNanos >= sinceNanos).OrderBy(s => s.TimestampNanos).Take(MaxSamples)];
}
