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

    private static readonly long IdleNanos = 10 * UnixNanos.PerSecond;
    private static readonly long MaxAgeNanos = 120 * UnixNanos.PerSecond;
    private static readonly long FewNanos = 300 * UnixNanos.PerSecond;

    private readonly Dictionary<ulong, OpenTrace> _open = [];
    private readonly LinkedList<CompactTrace> _kept = [];
    private readonly TraceCompactor _compactor;
    private long _holdNanos = long.MaxValue;
    private long _nodes;

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
            _kept.AddLast(trace);
            _nodes += trace.Nodes.Length;
        }

        foreach (var (id, trace) in open)
        {
            _open.Add(id, trace);
        }
    }

    public OperationIndex Index { get; }

    /// <summary>Counts of the traces that are no longer kept each.</summary>
    public TraceCounts Past { get; }

    /// <summary>In the order in which they ended.</summary>
    public IReadOnlyCollection<CompactTrace> Kept => _kept;

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
        if (tickNanos - SweptNanos < 2 * UnixNanos.PerSecond)
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
        if (_open.TryGetValue(id, out var trace))
        {
            return trace;
        }

        if ((id & ((1UL << SampleBits) - 1)) != 0)
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
                _kept.AddLast(compact);
                _nodes += compact.Nodes.Length;
            }
        }

        MakeRoom();
    }

    private void MakeRoom()
    {
        if (_nodes > MaxNodes && _kept is { First.Value.StartNanos: var first, Last.Value.StartNanos: var last } && last - first < FewNanos && SampleBits < 16)
        {
            SampleBits++;
        }
        else if (SampleBits > 0 && _nodes < MaxNodes / 4)
        {
            SampleBits--;
        }

        for (var node = _kept.First; _nodes > MaxNodes && node is not null;)
        {
            var next = node.Next;
            var isHealthy = node.Value.StartNanos < _holdNanos;
            if (!isHealthy || _holdNanos == long.MaxValue || next is null)
            {
                Remove(node, isHealthy);
            }

            node = next;
        }

        // Healthy ones must give way when even all later ones did not make room.
        while (_nodes > MaxNodes && _kept.First is { } oldest)
        {
            Remove(oldest, isHealthy: oldest.Value.StartNanos < _holdNanos);
        }
    }

    private void Remove(LinkedListNode<CompactTrace> node, bool isHealthy)
    {
        _kept.Remove(node);
        _nodes -= node.Value.Nodes.Length;
        if (isHealthy)
        {
            Past.Add(node.Value);
        }
    }

    private static ulong Hash(ReadOnlySpan<byte> id) => id.IsEmpty ? 0 : System.IO.Hashing.XxHash3.HashToUInt64(id);
}
