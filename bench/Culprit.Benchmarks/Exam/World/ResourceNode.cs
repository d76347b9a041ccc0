namespace Culprit.Benchmarks.Exam.World;

internal enum ResourceKind
{
    Database,
    Cache,
    Provider,
    ObjectStore,
}

/// <summary>Something services call that sends no logs of its own.</summary>
internal sealed class ResourceNode
{
    public required string Name { get; init; }

    public required ResourceKind Kind { get; init; }

    /// <summary>How clients name it: <c>order-db.prod.internal:5432</c>.</summary>
    public required string Address { get; init; }

    public required double MedianMs { get; init; }

    public required double Sigma { get; init; }

    /// <summary>Calls it serves at once; more wait.</summary>
    public required int Slots { get; init; }

    public string Host => Address[..Address.IndexOf(':', StringComparison.Ordinal)];

    public override string ToString() => Name;
}

/// <summary>A queue of the message broker and the worker that reads it.</summary>
internal sealed class QueueNode
{
    public required string Name { get; init; }

    public required ServiceNode Worker { get; init; }

    public required Operation Handler { get; init; }

    /// <summary>Messages handled at once.</summary>
    public required int Consumers { get; init; }
}
