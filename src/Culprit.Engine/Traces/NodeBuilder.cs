namespace Culprit.Engine.Traces;

/// <summary>Builds the nodes of one trace: one for each operation, however often it ran.</summary>
internal sealed class NodeBuilder(OperationIndex index)
{
    private readonly Dictionary<int, int> _byOperation = [];
    private readonly List<Draft> _nodes = [];

    /// <summary>The node of an operation; -1 for an operation without an id.</summary>
    public int Node(int operation)
    {
        if (operation < 0)
        {
            return -1;
        }

        if (!_byOperation.TryGetValue(operation, out var node))
        {
            node = _nodes.Count;
            _byOperation.Add(operation, node);
            _nodes.Add(new Draft(operation));
        }

        return node;
    }

    public int OperationOf(int node) => node >= 0 ? _nodes[node].Operation : -1;

    /// <summary>One node called another. The call is an event of the caller; its last call is remembered.</summary>
    /// <param name="what">The callee, as the caller's event names it.</param>
    public void Call(int caller, int callee, long endNanos, bool isRemote, ulong what)
    {
        if (caller < 0 || callee < 0 || caller == callee)
        {
            return;
        }

        Event(caller, TraceEventKind.Call, 0, what, isError: false);
        var draft = _nodes[caller];
        draft.Children.Add(callee);
        if (endNanos >= draft.LastEnd)
        {
            draft.LastEnd = endNanos;
            draft.LastRemote = isRemote ? callee : -1;
        }
    }

    public void Event(int node, TraceEventKind kind, byte level, ulong value, bool isError)
    {
        if (node < 0)
        {
            return;
        }

        var draft = _nodes[node];
        draft.HasError |= isError;
        if (index.Event(new EventKey(draft.Operation, kind, level, value)) is var id and >= 0)
        {
            draft.Events.Add(id);
        }
    }

    public CompactTrace? Build(long startNanos, int weight, long rootNanos, TimedStep[] gaps, TimedStep[] selves) => _nodes.Count == 0
        ? null
        : new CompactTrace(
            startNanos, weight, rootNanos,
            [.. _nodes.Select(n => new TraceNode(n.Operation, [.. n.Events.Order()], [.. n.Children.Order()], n.LastRemote, n.HasError))],
            gaps, selves);

    private sealed class Draft(int operation)
    {
        public int Operation { get; } = operation;

        public HashSet<int> Events { get; } = [];

        public HashSet<int> Children { get; } = [];

        public long LastEnd { get; set; } = long.MinValue;

        public int LastRemote { get; set; } = -1;

        public bool HasError { get; set; }
    }
}
