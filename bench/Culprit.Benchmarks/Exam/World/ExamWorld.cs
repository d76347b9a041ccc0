namespace Culprit.Benchmarks.Exam.World;

/// <summary>A system of 30 services as one seed makes it.</summary>
internal sealed class ExamWorld
{
    public required IReadOnlyList<ServiceNode> Services { get; init; }

    public required IReadOnlyList<ResourceNode> Resources { get; init; }

    public required IReadOnlyList<QueueNode> Queues { get; init; }

    /// <summary>What users ask of the gateway, with the weight of each.</summary>
    public required IReadOnlyList<(Operation Operation, double Weight)> Entries { get; init; }

    public ServiceNode Gateway => Services[0];

    /// <summary>Which services call this one, by call or by queue.</summary>
    public IEnumerable<ServiceNode> CallersOf(ServiceNode service) =>
        Services.Where(s => s.Operations.Exists(o => o.Steps.Exists(step => step switch
        {
            ServiceStep call => call.Callee == service,
            PublishStep publish => publish.Queue.Worker == service,
            _ => false,
        })));

    public IEnumerable<ServiceNode> UsersOf(ResourceNode resource) =>
        Services.Where(s => s.Operations.Exists(o => o.Steps.Exists(step => step switch
        {
            ResourceStep call => call.Resource == resource,
            CacheStep cache => cache.Cache == resource || cache.Store == resource,
            _ => false,
        })));

    /// <summary>The service and everything that waits for its answers, transitively.</summary>
    public HashSet<ServiceNode> Upstream(IEnumerable<ServiceNode> from)
    {
        var found = new HashSet<ServiceNode>();
        var open = new Queue<ServiceNode>(from);
        while (open.TryDequeue(out var service))
        {
            if (found.Add(service))
            {
                foreach (var caller in Services.Where(s => s.Operations.Exists(o => o.Steps.Exists(p => p is ServiceStep c && c.Callee == service))))
                {
                    open.Enqueue(caller);
                }
            }
        }

        return found;
    }
}
