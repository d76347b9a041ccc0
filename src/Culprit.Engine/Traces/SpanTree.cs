namespace Culprit.Engine.Traces;

/// <summary>The spans of one trace with their parents and children.</summary>
internal sealed class SpanTree
{
    private readonly List<SpanPart> _spans;
    private readonly int[] _parents;
    private readonly int[] _entries;
    private readonly List<int>[] _children;
    private readonly List<int> _parentsFirst = [];
    private readonly Dictionary<ulong, int> _byId = [];

    public SpanTree(List<SpanPart> spans)
    {
        _spans = spans;
        _parents = new int[spans.Count];
        _entries = new int[spans.Count];
        _children = new List<int>[spans.Count];
        for (var i = 0; i < spans.Count; i++)
        {
            _byId.TryAdd(spans[i].Id, i);
            _children[i] = [];
        }

        for (var i = 0; i < spans.Count; i++)
        {
            var parent = spans[i].Parent != 0 && _byId.TryGetValue(spans[i].Parent, out var at) && at != i ? at : -1;
            _parents[i] = parent;
            if (parent >= 0)
            {
                _children[parent].Add(i);
            }
        }

        Order();
    }

    public int Count => _spans.Count;

    /// <summary>Every span after its parent; of a cycle, which only broken telemetry has, none.</summary>
    public IReadOnlyList<int> ParentsFirst => _parentsFirst;

    public long RootNanos => _parentsFirst.Count > 0 ? _spans[_parentsFirst[0]].DurationNanos : 0;

    public SpanPart this[int i] => _spans[i];

    public int Parent(int i) => _parents[i];

    /// <summary>The nearest span, itself or above, by which the service was entered.</summary>
    public int Entry(int i) => _entries[i];

    /// <summary>The span of an id; -1 when the trace holds none.</summary>
    public int Find(ulong id) => id != 0 ? _byId.GetValueOrDefault(id, -1) : -1;

    /// <summary>The shortest span of a service around a moment, else its longest span; -1 when it has none.</summary>
    public int Around(int service, long nanos)
    {
        var tightest = -1;
        var longest = -1;
        for (var i = 0; i < _spans.Count; i++)
        {
            var span = _spans[i];
            if (span.Service != service)
            {
                continue;
            }

            if (span.StartNanos <= nanos && nanos <= span.EndNanos && (tightest < 0 || span.DurationNanos < _spans[tightest].DurationNanos))
            {
                tightest = i;
            }

            longest = longest < 0 || span.DurationNanos > _spans[longest].DurationNanos ? i : longest;
        }

        return tightest >= 0 ? tightest : longest;
    }

    /// <summary>A client's span: all it did was to call one operation of another service.</summary>
    public bool IsPassage(int i) => _parents[i] >= 0 && OnlyRemoteChild(i) >= 0 && _children[i].Count == 1 && _spans[_parents[i]].Service == _spans[i].Service;

    public bool HasRemoteChild(int i) => _children[i].Exists(c => _spans[c].Service != _spans[i].Service);

    /// <summary>The one child that runs in another service; -1 when there is none or more than one.</summary>
    public int OnlyRemoteChild(int i)
    {
        var only = -1;
        foreach (var child in _children[i])
        {
            if (_spans[child].Service != _spans[i].Service)
            {
                if (only >= 0)
                {
                    return -1;
                }

                only = child;
            }
        }

        return only;
    }

    /// <summary>The span's duration without the time in which a child ran.</summary>
    public long OwnNanos(int i)
    {
        var span = _spans[i];
        var covered = 0L;
        var until = span.StartNanos;
        foreach (var child in _children[i].OrderBy(c => _spans[c].StartNanos))
        {
            var from = Math.Max(until, _spans[child].StartNanos);
            var to = Math.Min(span.EndNanos, _spans[child].EndNanos);
            if (to > from)
            {
                covered += to - from;
                until = to;
            }
        }

        return Math.Max(0, span.DurationNanos - covered);
    }

    private void Order()
    {
        // The longest root first: it is the request, the others are parts whose parents were lost.
        var ready = new Stack<int>(Enumerable.Range(0, Count).Where(i => _parents[i] < 0).OrderBy(i => _spans[i].DurationNanos).ThenBy(i => _spans[i].Id));
        while (ready.TryPop(out var i))
        {
            var parent = _parents[i];
            _entries[i] = parent >= 0 && _spans[parent].Service == _spans[i].Service ? _entries[parent] : i;
            _parentsFirst.Add(i);
            foreach (var child in _children[i])
            {
                ready.Push(child);
            }
        }
    }
}
