using System.Numerics;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Traces;

/// <summary>Assembles one environment's traces and remembers them: the newest each, older ones as counts.</summary>
/// <remarks>
/// Traces come from spans, from log lines that carry a trace id, or both. One ends after <see cref="IdleNanos"/> without a
/// sign, or <see cref="MaxAgeNanos"/> after its first. When more come than there is room for, whole traces are left out by
/// their ids, so that what is kept stays complete; each kept one then counts for those left out.
/// </remarks>
internal sealed class TraceBook
{
    internal const int MaxOpen = 20_000;
    internal const int MaxNodes = 80_000;

    /// <summary>Room is made for so many nodes at a time.</summary>
    private const int Slack = MaxNodes / 16;

    private static readonly long IdleNanos = 10 * UnixNanos.PerSecond;
    private static readonly long MaxAgeNanos = 120 * UnixNanos.PerSecond;
    private static readonly long SweepNanos = 2 * UnixNanos.PerSecond;
    private static readonly long FewNanos = 300 * UnixNanos.PerSecond;

    private readonly Dictionary<ulong, OpenTrace> _open = [];
    private readonly List<CompactTrace> _kept = [];
    private readonly TraceCompactor _compactor;
    private long _holdNanos = long.MaxValue;
    private long _nodes;

    // An id with fewer trailing zero bits is not among the open traces: most lines of a flood need not be looked up.
    private int _openBits;

    public TraceBook()
        : this(new OperationIndex(), new TraceCounts(), [], [], 0, 0, 0, 0)
    {
    }

    internal TraceBook(
        OperationIndex index, TraceCounts past, IReadOnlyList<CompactTrace> kept, IReadOnlyList<(ulong Id, OpenTrace Trace)> open,
        long nowNanos, long sweptNanos, int sampleBits, long dropped)
    {
        (Index, Past, NowNanos, SweptNanos, SampleBits, Dropped) = (index, past, nowNanos, sweptNanos, sampleBits, dropped);
        _compactor = new TraceCompactor(index);
        foreach (var trace in kept)
        {
            Keep(trace);
        }

        foreach (var (id, trace) in open)
        {
            _open.Add(id, trace);
        }

        FindOpenBits();
    }

    public OperationIndex Index { get; }

    /// <summary>Counts of the traces that are no longer kept each.</summary>
    public TraceCounts Past { get; }

    /// <summary>In the order in which they ended.</summary>
    public IReadOnlyList<CompactTrace> Kept => _kept;

    /// <summary>Traces that began in a window, and those that began before it.</summary>
    /// <param name="maxNodes">Of more than about so many nodes, every n-th trace is taken, of each of both.</param>
    public (List<CompactTrace> Before, List<CompactTrace> Now) Split(long fromNanos, long toNanos, int maxNodes)
    {
        // They are in the order of their ends, and none is longer than the limit: further back nothing began in the window.
        var now = new List<CompactTrace>();
        for (var i = _kept.Count - 1; i >= 0 && _kept[i].StartNanos >= fromNanos - MaxAgeNanos - SweepNanos; i--)
        {
            if (_kept[i].StartNanos >= fromNanos && _kept[i].StartNanos <= toNanos)
            {
                now.Add(_kept[i]);
            }
        }

        now.Reverse();
        var before = new List<CompactTrace>();
        var step = StepFor(_kept.Count - now.Count, maxNodes);
        for (var i = 0; i < _kept.Count; i += step)
        {
            if (_kept[i].StartNanos < fromNanos)
            {
                before.Add(_kept[i]);
            }
        }

        var nowStep = StepFor(now.Count, maxNodes);
        return (before, nowStep == 1 ? now : [.. now.Where((_, i) => i % nowStep == 0)]);
    }

    /// <summary>Those still coming in, by the hash of their id.</summary>
    internal IReadOnlyDictionary<ulong, OpenTrace> Open => _open;

    internal long NowNanos { get; private set; }

    /// <summary>When the open traces were last looked through.</summary>
    internal long SweptNanos { get; private set; }

    /// <summary>Only traces whose id has so many trailing zero bits are assembled.</summary>
    public int SampleBits { get; private set; }

    /// <summary>Traces left out by sampling are not counted here: these are parts or traces lost to a limit.</summary>
    public long Dropped { get; private set; }

    public void ObserveSpan(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId, ReadOnlySpan<byte> parentId, string service,
        ReadOnlySpan<byte> operation, long startNanos, double durationNanos, bool isError)
    {
        if (TraceOf(traceId) is { } trace)
        {
            const int MaxNameBytes = 200;
            var name = Index.Name(Encoding.UTF8.GetString(operation.Length > MaxNameBytes ? operation[..MaxNameBytes] : operation));
            var part = new SpanPart(
                Hash(spanId), Hash(parentId), Index.Name(service), name, startNanos, (long)Math.Clamp(durationNanos, 0, 1e15), isError);
            Dropped += trace.Add(part, NowNanos) ? 0 : 1;
        }
    }

    public void ObserveLine(in LogRecord record, string service, PatternId pattern, long timeNanos)
    {
        if (TraceOf(record.TraceId) is { } trace)
        {
            var line = Index.Line(Index.Name(service), pattern, CodePosition.Find(record.Body));
            Dropped += trace.Add(new LinePart(Hash(record.SpanId), Index.Name(service), line, (byte)record.Severity, timeNanos), NowNanos) ? 0 : 1;
        }
    }

    /// <summary>Time has come this far: traces that ended are compacted.</summary>
    /// <param name="sighted">Told which services' lines shared an id, trace by trace.</param>
    public void Tick(long tickNanos, Action<IReadOnlyList<TraceSighting>>? sighted = null)
    {
        NowNanos = tickNanos;
        if (tickNanos - SweptNanos < SweepNanos)
        {
            return;
        }

        SweptNanos = tickNanos;
        Close(t => tickNanos - t.LastNanos >= IdleNanos || tickNanos - t.StartNanos >= MaxAgeNanos, sighted);
    }

    /// <summary>Ends every trace, finished or not: no more will come, or an answer cannot wait.</summary>
    public void CloseAll(Action<IReadOnlyList<TraceSighting>>? sighted = null) => Close(_ => true, sighted);

    /// <summary>Traces that began before this stay, whatever comes: something is wrong since then, and they are what it is held against.</summary>
    /// <param name="nanos">Null when nothing is wrong (any more).</param>
    public void Hold(long? nanos) => _holdNanos = nanos ?? long.MaxValue;

    private OpenTrace? TraceOf(ReadOnlySpan<byte> traceId)
    {
        if (traceId.IsEmpty)
        {
            return null;
        }

        var id = Hash(traceId);
        if (!HasZeroBits(id, _openBits))
        {
            return null;
        }

        if (_open.TryGetValue(id, out var trace))
        {
            return trace;
        }

        if (!HasZeroBits(id, SampleBits))
        {
            return null;
        }

        if (_open.Count >= MaxOpen)
        {
            Dropped++;
            return null;
        }

        trace = new OpenTrace();
        _open.Add(id, trace);
        return trace;
    }

    private void Close(Func<OpenTrace, bool> hasEnded, Action<IReadOnlyList<TraceSighting>>? sighted)
    {
        foreach (var (id, trace) in _open.Where(t => hasEnded(t.Value)).OrderBy(t => t.Value.StartNanos).ThenBy(t => t.Key).ToList())
        {
            _open.Remove(id);
            if (sighted is not null && trace.Lines.Count > 1)
            {
                sighted([.. trace.Lines.Select(l => new TraceSighting(Index.Names[l.Service], l.TimeNanos))]);
            }

            if (_compactor.Compact(trace, 1 << SampleBits) is { } compact)
            {
                Keep(compact);
            }
        }

        MakeRoom();
        FindOpenBits();
    }

    private void FindOpenBits() => _openBits = _open.Keys.Select(id => BitOperations.TrailingZeroCount(id)).Append(SampleBits).Min();

    private void Keep(CompactTrace trace)
    {
        _kept.Add(trace);
        _nodes += trace.Nodes.Length;
    }

    private void MakeRoom()
    {
        if (_nodes > MaxNodes && _kept[^1].StartNanos - _kept[0].StartNanos < FewNanos && SampleBits < 16)
        {
            SampleBits++;
        }
        else if (SampleBits > 0 && _nodes < MaxNodes / 4)
        {
            SampleBits--;
        }

        if (_nodes <= MaxNodes + Slack)
        {
            return;
        }

        // While something is wrong, what came after its start gives way first.
        if (_holdNanos != long.MaxValue)
        {
            Remove(t => t.StartNanos >= _holdNanos);
        }

        Remove(_ => true);
    }

    /// <summary>Removes the oldest of some until there is room; what was healthy stays as counts.</summary>
    private void Remove(Predicate<CompactTrace> mayGo) => _kept.RemoveAll(trace =>
    {
        if (_nodes <= MaxNodes || !mayGo(trace))
        {
            return false;
        }

        _nodes -= trace.Nodes.Length;
        if (trace.StartNanos < _holdNanos)
        {
            Past.Add(trace);
        }

        return true;
    });

    private int StepFor(int traces, int maxNodes) =>
        (int)Math.Max(1, (traces * (double)_nodes / Math.Max(1, _kept.Count)) / maxNodes);

    private static bool HasZeroBits(ulong id, int bits) => (id & ((1UL << bits) - 1)) == 0;

    private static ulong Hash(ReadOnlySpan<byte> id) => id.IsEmpty ? 0 : System.IO.Hashing.XxHash3.HashToUInt64(id);
}
