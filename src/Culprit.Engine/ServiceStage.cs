using Culprit.Engine.Detection;
using Culprit.Engine.Filtering;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine;

/// <summary>Sees every record of one service in one environment; tells the rest of the engine only digests and error facts.</summary>
/// <remarks>Independent of all other services, so that it can run in parallel or on another node. Not thread-safe.</remarks>
internal sealed class ServiceStage(string service, PipelineOptions options, ulong journalId, DedupeBudget dedupeBudget)
{
    /// <summary>Error facts per second that carry their record; the rest only count.</summary>
    internal const int MaxReferencesPerSecond = 100;

    /// <summary>Seconds of event time tallied between two draws: the lateness and some clock skew.</summary>
    private const int MaxSeconds = 256;

    private readonly DedupeWindow _dedupe = new(options.DedupeWindow, options.DedupePrefix, dedupeBudget);
    private readonly List<PatternAlias> _aliases = [];
    private readonly SortedDictionary<long, SecondTally> _seconds = [];
    private readonly DurationReader _durations = new();
    private SecondTally? _current;
    private long _lastNanos;
    private int _references;

    public string Service => service;

    /// <summary>Patterns that got another id at the last tick.</summary>
    public IReadOnlyList<PatternAlias> Aliases => _aliases;

    public PatternMiner Miner { get; private set; } = new(options.Patterns);

    /// <summary>Takes one log record; an error comes back as a fact.</summary>
    /// <param name="timeNanos">Time by which the record is windowed.</param>
    /// <param name="duplicateOf">Sequence of the record that it repeats, or -1.</param>
    public ErrorFact? Observe(in LogRecord record, long timeNanos, out PatternId pattern, out long duplicateOf)
    {
        var key = _dedupe.KeyOf(record);
        pattern = Miner.Resolve(Miner.AssignRecord(record));
        duplicateOf = _dedupe.Observe(key, timeNanos, record.Sequence);
        var severity = record.Severity;
        var weight = record.Weight; // Counts are of what was sent, not of what sampling left.
        var tally = TallyOf(timeNanos / UnixNanos.PerSecond);
        tally.Count(LevelIndex(severity), weight, duplicateOf >= 0, timeNanos);
        _lastNanos = Math.Max(_lastNanos, timeNanos);
        if (tally.HasRoomForDuration && _durations.Wants(pattern, tally.Second) && _durations.Read(pattern, record.Body) is { } duration)
        {
            tally.Add(new DurationSample(pattern, duration));
        }

        if (severity < Severity.Warn)
        {
            tally.CountQuiet(pattern, weight);
            return null;
        }

        var reference = Count(tally, record, pattern, timeNanos);
        if (!severity.IsError())
        {
            return null;
        }

        if (reference is null && _references < MaxReferencesPerSecond)
        {
            reference = Refer(record, timeNanos);
        }

        _references += reference is null ? 0 : 1;
        return new ErrorFact(timeNanos, service, pattern, severity, reference);
    }

    /// <summary>Everything since the last call, a digest for each second of event time, oldest first.</summary>
    public IReadOnlyList<ServiceDigest> Drain()
    {
        if (_seconds.Count == 0)
        {
            return [];
        }

        var digests = _seconds.Values.Select(t => t.ToDigest()).ToList();
        _seconds.Clear();
        _current = null;
        return digests;
    }

    public void Tick(long tickNanos)
    {
        _references = 0;
        _dedupe.Tick(tickNanos);
        _aliases.Clear();
        Miner.DrainAliases(_aliases); // Ticks are also when the miner looks at open questions again.
    }

    public ServiceState ToState()
    {
        var miner = new System.Buffers.ArrayBufferWriter<byte>();
        Miner.Save(miner);
        return new ServiceState(service, _lastNanos, _references, _dedupe.ToState(), _durations.ToState(), miner.WrittenSpan.ToArray());
    }

    /// <summary>What <see cref="ToState"/> leaves out: see <see cref="DedupeWindow.Save"/>.</summary>
    public Span<byte> SaveOccurrences(Span<byte> bytes) => _dedupe.Save(bytes);

    /// <summary>False when the miner's bytes cannot be read: the snapshot is then useless as a whole.</summary>
    /// <param name="occurrences">From <see cref="SaveOccurrences"/>.</param>
    public bool Restore(ServiceState state, ReadOnlySpan<byte> occurrences)
    {
        if (PatternMiner.Load(state.Miner, options.Patterns) is not { } miner)
        {
            return false;
        }

        Miner = miner;
        _lastNanos = state.LastNanos;
        _references = state.References;
        _dedupe.Restore(state.Dedupe, occurrences);
        _durations.Restore(state.Durations);
        return true;
    }

    internal static int LevelIndex(Severity severity) => severity switch
    {
        Severity.Debug => 0,
        Severity.Info => 1,
        Severity.Warn => 2,
        Severity.Error => 3,
        _ => 4,
    };

    private SecondTally TallyOf(long second)
    {
        if (_current?.Second == second)
        {
            return _current;
        }

        if (!_seconds.TryGetValue(second, out var tally))
        {
            if (_seconds.Count >= MaxSeconds)
            {
                return _seconds.Values.Last(); // Clocks all over the place: the newest second takes the rest.
            }

            tally = new SecondTally(service, second);
            _seconds.Add(second, tally);
        }

        _current = tally;
        return tally;
    }

    private RecordRef? Count(SecondTally tally, in LogRecord record, PatternId pattern, long timeNanos)
    {
        if (tally.TryCount(pattern, record.Severity, timeNanos, record.Weight) || !tally.HasRoomForPattern)
        {
            return null;
        }

        var reference = Refer(record, timeNanos);
        tally.Name(pattern, record.Severity, timeNanos, record.Weight, reference);
        return reference;
    }

    private RecordRef Refer(in LogRecord record, long timeNanos) => RecordRef.Of(record, journalId, timeNanos, service);
}

/// <summary>A drained <see cref="ServiceStage"/> at rest.</summary>
internal sealed record ServiceState(
    string Service, long LastNanos, int References, DedupeState Dedupe, IReadOnlyList<DurationLook> Durations, byte[] Miner);
