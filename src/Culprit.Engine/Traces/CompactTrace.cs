namespace Culprit.Engine.Traces;

/// <summary>What is kept of a finished trace: which operations it ran, what happened in each, and how long steps took.</summary>
/// <remarks>Ids are those of one <see cref="OperationIndex"/>. An operation that ran several times in a trace is one node.</remarks>
/// <param name="StartNanos">Event time of its first sign.</param>
/// <param name="Weight">Traces that it stands for: more than 1 when others like it were sampled out.</param>
/// <param name="RootNanos">Duration of its root; 0 when no span told.</param>
/// <param name="Nodes">The operations, the root first.</param>
internal sealed record CompactTrace(
    long StartNanos,
    int Weight,
    long RootNanos,
    TraceNode[] Nodes,
    TimedStep[] Gaps,
    TimedStep[] Selves);

/// <summary>One operation of one trace.</summary>
/// <param name="Operation">Its id.</param>
/// <param name="Events">Ids of what happened in it, each once.</param>
/// <param name="Children">Indexes of the nodes that it called.</param>
/// <param name="LastRemote">Index of the node that it called last, when that one is in another service; else -1.</param>
/// <param name="HasError">A span or a line of it reported an error.</param>
internal sealed record TraceNode(int Operation, int[] Events, int[] Children, int LastRemote, bool HasError);

/// <summary>How long something took: the way of a call over an edge, or an operation's own work.</summary>
/// <param name="Id">Id of the edge or of the operation.</param>
internal readonly record struct TimedStep(int Id, long Nanos);
