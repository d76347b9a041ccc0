namespace Culprit.Engine.Traces;

/// <summary>Makes of a finished trace what is kept of it.</summary>
/// <remarks>
/// With spans, operations are those of the spans. Without any, the lines that share the id stand in: each service is one
/// operation on behalf of the kind of request (its first line), entered by the service that spoke before and after it.
/// </remarks>
internal sealed class TraceCompactor(OperationIndex index)
{
    public CompactTrace? Compact(OpenTrace trace, int weight)
    {
        if (trace.Lines.Count == 0 && trace.Spans.Count == 0)
        {
            return null;
        }

        var builder = new NodeBuilder(index);
        return trace.Spans.Count > 0 ? OfSpans(trace, weight, builder) : OfLines(trace, weight, builder);
    }

    private CompactTrace? OfSpans(OpenTrace trace, int weight, NodeBuilder builder)
    {
        var tree = new SpanTree(trace.Spans);
        var lines = LinesOf(trace, tree);
        var nodes = new int[tree.Count];
        Array.Fill(nodes, -1);
        foreach (var i in tree.ParentsFirst)
        {
            var span = tree[i];
            if (tree.IsPassage(i) && lines[i].Count == 0)
            {
                continue; // A client's span: its parent made the call.
            }

            var node = builder.Node(index.Operation(new OperationKey(span.Service, tree[tree.Entry(i)].Name, span.Name)));
            nodes[i] = node;
            var parent = tree.Parent(i);
            while (parent >= 0 && nodes[parent] < 0)
            {
                parent = tree.Parent(parent);
            }

            builder.Call(parent >= 0 ? nodes[parent] : -1, node, span.EndNanos, parent >= 0 && tree[parent].Service != span.Service,
                ((ulong)(uint)span.Service << 32) | (uint)span.Name);
            if (span.IsError)
            {
                builder.Event(node, TraceEventKind.Error, 0, 0, isError: true);
            }

            foreach (var line in lines[i])
            {
                builder.Event(node, TraceEventKind.Line, line.Level, (uint)line.Line, IsError(line));
            }
        }

        var gaps = new List<TimedStep>();
        var selves = new List<TimedStep>();
        for (var i = 0; i < tree.Count; i++)
        {
            if (tree.OnlyRemoteChild(i) is var child and >= 0 && index.Edge(tree[i].Service, tree[child].Service) is var edge and >= 0)
            {
                gaps.Add(new TimedStep(edge, Math.Max(0, tree[i].DurationNanos - tree[child].DurationNanos)));
            }

            if (nodes[i] >= 0 && !tree.HasRemoteChild(i) && builder.OperationOf(nodes[i]) is var operation and >= 0)
            {
                selves.Add(new TimedStep(operation, tree.OwnNanos(i)));
            }
        }

        return builder.Build(trace.StartNanos, weight, tree.RootNanos, [.. gaps], [.. selves]);
    }

    private CompactTrace? OfLines(OpenTrace trace, int weight, NodeBuilder builder)
    {
        List<(int Service, long First, long Last, List<LinePart> Lines)> byService = trace.Lines.Count == 1
            ? [(trace.Lines[0].Service, trace.Lines[0].TimeNanos, trace.Lines[0].TimeNanos, trace.Lines)]
            : [.. trace.Lines.GroupBy(l => l.Service)
                .Select(g => (Service: g.Key, First: g.Min(l => l.TimeNanos), Last: g.Max(l => l.TimeNanos), Lines: g.ToList()))
                .OrderBy(s => s.First).ThenByDescending(s => s.Last).ThenBy(s => s.Service)];
        var root = trace.Lines.MinBy(l => l.TimeNanos);
        var request = index.Name($"{index.Names[root.Service]} {index.Names[root.Line]}");
        var nodes = byService.Select(s => builder.Node(index.Operation(new OperationKey(s.Service, request, request)))).ToList();
        for (var i = 0; i < byService.Count; i++)
        {
            var own = byService[i];
            var parent = -1;
            for (var j = 0; j < i; j++)
            {
                var other = byService[j];
                var isAround = other.First < own.First && other.Last > own.Last;
                if (isAround && (parent < 0 || other.Last - other.First <= byService[parent].Last - byService[parent].First))
                {
                    parent = j;
                }
            }

            builder.Call(parent >= 0 ? nodes[parent] : -1, nodes[i], own.Last, isRemote: true, (ulong)(uint)own.Service << 32);
            foreach (var line in own.Lines)
            {
                builder.Event(nodes[i], TraceEventKind.Line, line.Level, (uint)line.Line, IsError(line));
            }
        }

        return builder.Build(trace.StartNanos, weight, 0, [], []);
    }

    /// <summary>The lines of each span; those that name no span of the trace go to the tightest one of their service at that time.</summary>
    private static List<LinePart>[] LinesOf(OpenTrace trace, SpanTree tree)
    {
        var lines = new List<LinePart>[tree.Count];
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = [];
        }

        foreach (var line in trace.Lines)
        {
            var at = tree.Find(line.Span);
            at = at >= 0 ? at : tree.Around(line.Service, line.TimeNanos);
            if (at >= 0)
            {
                lines[at].Add(line);
            }
        }

        return lines;
    }

    private static bool IsError(LinePart line) => line.Level >= (byte)Records.Severity.Error;
}
