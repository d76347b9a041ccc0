using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>What one service said in one second of event time, until it is drawn as a digest.</summary>
internal sealed class SecondTally(string service, long second)
{
    /// <summary>WARN-and-worse patterns named in one digest; the rest only count by level.</summary>
    internal const int MaxPatterns = 500;

    private const int MaxQuietTallied = 4096;

    private readonly Dictionary<PatternId, PendingPattern> _patterns = [];
    private readonly Dictionary<PatternId, long> _quiet = [];
    private readonly List<DurationSample> _durations = [];
    private readonly long[] _byLevel = new long[5];
    private long _duplicates;
    private long _lastNanos;
    private int _textBytes;

    public long Second => second;

    public bool HasRoomForDuration => _durations.Count < ServiceDigest.MaxDurations;

    public void Count(int level, int weight, bool isDuplicate, long timeNanos)
    {
        _byLevel[level] += weight;
        _duplicates += isDuplicate ? weight : 0;
        _lastNanos = Math.Max(_lastNanos, timeNanos);
    }

    /// <summary>Counts an INFO or DEBUG record by its pattern.</summary>
    public void CountQuiet(PatternId pattern, int weight)
    {
        ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_quiet, pattern, out var known);
        count += weight;
        if (!known && _quiet.Count > MaxQuietTallied)
        {
            _quiet.Remove(pattern);
        }
    }

    /// <summary>Counts a WARN-or-worse record of a pattern that is already named; false when it is not.</summary>
    public bool TryCount(PatternId pattern, Severity severity, long timeNanos, int weight)
    {
        if (!_patterns.TryGetValue(pattern, out var pending))
        {
            return false;
        }

        pending.Add(severity, timeNanos, weight);
        return true;
    }

    public bool HasRoomForPattern => _patterns.Count < MaxPatterns && _textBytes < ServiceDigest.MaxTextBytes;

    /// <summary>Names a WARN-or-worse pattern by its first record.</summary>
    public void Name(PatternId pattern, Severity severity, long timeNanos, int weight, RecordRef sample)
    {
        _textBytes += 64 + (2 * sample.Text.Length);
        _patterns.Add(pattern, new PendingPattern(pattern, severity, timeNanos, weight, sample));
    }

    public void Add(DurationSample duration) => _durations.Add(duration);

    public ServiceDigest ToDigest() => new()
    {
        Service = service,
        Second = second,
        ByLevel = _byLevel,
        Duplicates = _duplicates,
        LastNanos = _lastNanos,
        Patterns = [.. _patterns.Values.Select(p => p.ToCount())],
        Quiet = Largest(),
        Durations = _durations,
    };

    private List<QuietCount> Largest()
    {
        var counts = _quiet.Select(q => new QuietCount(q.Key, q.Value));
        return _quiet.Count <= ServiceDigest.MaxQuiet
            ? [.. counts]
            : [.. counts.OrderByDescending(c => c.Count).ThenBy(c => c.Pattern.Value).Take(ServiceDigest.MaxQuiet)];
    }

    private sealed class PendingPattern(PatternId pattern, Severity severity, long firstNanos, int weight, RecordRef sample)
    {
        private Severity _severity = severity;
        private long _count = weight;
        private long _firstNanos = firstNanos;

        public void Add(Severity other, long timeNanos, int otherWeight)
        {
            _count += otherWeight;
            _severity = other > _severity ? other : _severity;
            _firstNanos = Math.Min(_firstNanos, timeNanos);
        }

        public PatternCount ToCount() => new(pattern, _severity, _count, _firstNanos, sample);
    }
}
