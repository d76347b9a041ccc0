using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>What changes about a service while time passes.</summary>
internal sealed class ServiceState
{
    private readonly Dictionary<ResourceNode, SlotPool> _pools = [];

    public ServiceState(ServiceNode node, Dice dice)
    {
        Node = node;
        Threads = new SlotPool(node.Threads);
        Version = $"{1 + dice.Next(4)}.{dice.Next(30)}.{dice.Next(10)}";
        Instances = [.. node.Hosts.Select(h => new Instance(h, -dice.Between(0, node.SawtoothMs)))];
        DiskPercent = dice.Between(25, 60);
    }

    public ServiceNode Node { get; }

    public List<Instance> Instances { get; }

    public SlotPool Threads { get; }

    /// <summary>The one lock over which calls contend when a fault makes them.</summary>
    public SlotPool Lock { get; } = new(1);

    public string Version { get; set; }

    public Trouble? Trouble { get; set; }

    public double DiskPercent { get; set; }

    /// <summary>Since the last metrics.</summary>
    public CallCounts Counts { get; } = new();

    public SlotPool PoolOf(ResourceNode resource)
    {
        if (!_pools.TryGetValue(resource, out var pool))
        {
            pool = new SlotPool(Node.PoolSize);
            _pools.Add(resource, pool);
        }

        return pool;
    }

    public int PooledConnections(double at) => _pools.Values.Sum(p => p.Busy(at));

    public Trouble? TroubleAt(double at) => Trouble is { } trouble && trouble.IsActive(at) ? trouble : null;

    /// <summary>The instance a call is sent to; one that is down when nobody has noticed yet, null when all are known to be.</summary>
    public Instance? Choose(double at, Dice dice)
    {
        var start = dice.Next(Instances.Count);
        for (var i = 0; i < Instances.Count; i++)
        {
            var instance = Instances[(start + i) % Instances.Count];
            if (!instance.IsDown(at) || at < instance.NoticedAt)
            {
                return instance;
            }
        }

        return null;
    }

    /// <summary>Memory of an instance: a sawtooth, and what leaked since it started.</summary>
    public double MemoryMb(Instance instance, double at)
    {
        var age = Math.Max(0, at - instance.StartedAt);
        var normal = Node.MemoryMb * (0.8 + (0.3 * (age % Node.SawtoothMs / Node.SawtoothMs)));
        if (Trouble is not { LeakPerMinute: > 0 } trouble || at < trouble.FromMs || at >= trouble.ToMs)
        {
            return normal;
        }

        return normal + (trouble.LeakPerMinute * Math.Max(0, at - Math.Max(instance.StartedAt, trouble.FromMs)) / 60_000);
    }

    /// <summary>How much slower an instance is than usual: warm-up, and collections when memory runs short.</summary>
    public double Slowness(Instance instance, double at)
    {
        var slow = at < instance.WarmAt ? 2.5 : 1;
        if (Trouble is { LeakPerMinute: > 0 })
        {
            slow *= 1 + (20 * Math.Max(0, (MemoryMb(instance, at) / Node.MemoryLimitMb) - 0.8));
        }

        return slow;
    }
}

/// <summary>Calls of one service between two metrics.</summary>
internal sealed class CallCounts
{
    public int Calls { get; set; }

    public int Failures { get; set; }

    public double BusyMs { get; set; }

    public List<double> DurationsMs { get; } = [];

    public void Reset()
    {
        Calls = 0;
        Failures = 0;
        BusyMs = 0;
        DurationsMs.Clear();
    }
}
