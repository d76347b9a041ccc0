using System.Text;
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

    /// <summary>WARN-and-worse patterns named in one digest; the rest only count by level.</summary>
    internal const int MaxPatternsPerDigest = 500;

    private readonly DedupeWindow _dedupe = new(options.DedupeWindow, options.DedupePrefix, dedupeBudget);
    private readonly Dictionary<PatternId, PendingPattern> _patterns = [];
    private readonly List<PatternAlias> _aliases = [];
    private long[] _byLevel = new long[5];
    private long _duplicates;
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
        duplicateOf = _dedupe.Observe(record, timeNanos);
        pattern = DeclaredTemplate.Find(record.Attributes) is { IsEmpty: false } template
            ? Miner.AssignDeclared(template)
            : Miner.Resolve(Miner.Assign(record.Body));
        var severity = record.Severity;
        var weight = record.Weight; // Counts are of what was sent, not of what sampling left.
        _byLevel[LevelIndex(severity)] += weight;
        _duplicates += duplicateOf >= 0 ? weight : 0;
        _lastNanos = Math.Max(_lastNanos, timeNanos);
        if (severity < Severity.Warn)
        {
            return null;
        }

        var reference = Count(record, pattern, timeNanos);
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

    /// <summary>Everything since the last call, or null if the service was silent.</summary>
    public ServiceDigest? Drain()
    {
        if (_byLevel.AsSpan().IndexOfAnyExcept(0) < 0)
        {
            return null;
        }

        var digest = new ServiceDigest
        {
            Service = service,
            ByLevel = _byLevel,
            Duplicates = _duplicates,
            LastNanos = _lastNanos,
            Patterns = [.. _patterns.Values.Select(p => p.ToCount())],
        };
        _byLevel = new long[5];
        _duplicates = 0;
        _patterns.Clear();
        return digest;
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
        return new ServiceState(service, _lastNanos, _references, _dedupe.ToState(), miner.WrittenSpan.ToArray());
    }

    /// <summary>False when the miner's bytes cannot be read: the snapshot is then useless as a whole.</summary>
    public bool Restore(ServiceState state)
    {
        if (PatternMiner.Load(state.Miner, options.Patterns) is not { } miner)
        {
            return false;
        }

        Miner = miner;
        _lastNanos = state.LastNanos;
        _references = state.References;
        _dedupe.Restore(state.Dedupe);
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

    private RecordRef? Count(in LogRecord record, PatternId pattern, long timeNanos)
    {
        if (_patterns.TryGetValue(pattern, out var pending))
        {
            pending.Add(record.Severity, timeNanos, record.Weight);
            return null;
        }

        if (_patterns.Count >= MaxPatternsPerDigest)
        {
            return null;
        }

        var reference = Refer(record, timeNanos);
        _patterns.Add(pattern, new PendingPattern(pattern, record.Severity, timeNanos, record.Weight, reference));
        return reference;
    }

    private RecordRef Refer(in LogRecord record, long timeNanos)
    {
        var body = record.Body;
        var text = Encoding.UTF8.GetString(body.Length > 4 * RecordRef.MaxTextLength ? body[..(4 * RecordRef.MaxTextLength)] : body);
        if (text.Length > RecordRef.MaxTextLength)
        {
            var cut = RecordRef.MaxTextLength;
            text = text[..(char.IsHighSurrogate(text[cut - 1]) ? cut - 1 : cut)];
        }

        var trace = record.TraceId.IsEmpty ? null : Encoding.UTF8.GetString(record.TraceId);
        return new RecordRef(
            record.Sequence, RecordId.Of(record, journalId), timeNanos, service, record.Severity, text, trace);
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

/// <summary>A drained <see cref="ServiceStage"/> at rest.</summary>
internal sealed record ServiceState(string Service, long LastNanos, int References, DedupeState Dedupe, byte[] Miner);
