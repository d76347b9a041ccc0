using System.Globalization;

namespace Culprit.Benchmarks.Exam.World;

/// <summary>Builds the system of one seed: a gateway, 3 front-end services, 10 core, 8 leaf, 6 worker and 2 job services.</summary>
internal sealed class WorldBuilder
{
    private const double PeakRequestsPerSecond = 3.5;

    private readonly Dice _dice;
    private readonly string _suffix;
    private readonly string _domain;
    private readonly List<ServiceNode> _services = [];
    private readonly List<ResourceNode> _resources = [];
    private readonly List<QueueNode> _queues = [];

    private WorldBuilder(int seed)
    {
        _dice = new Dice((ulong)seed).Fork("world");
        _suffix = _dice.Pick(WorldNames.Suffixes);
        _domain = _dice.Pick<string>(["prod.internal", "svc.cluster.local", "int.acme.example"]);
    }

    public static ExamWorld Build(int seed) => new WorldBuilder(seed).Build();

    private ExamWorld Build()
    {
        var nouns = new Queue<string>(_dice.Shuffled(WorldNames.Nouns));
        var gateway = Service("edge-gateway", "request", Tier.Gateway);
        var bffs = _dice.Shuffled(WorldNames.Bffs).Take(3).Select(n => Service(n + "-bff", n, Tier.Bff)).ToList();
        var cores = Enumerable.Range(0, 10).Select(_ => nouns.Dequeue()).Select(n => Service(n + _suffix, n, Tier.Core)).ToList();
        var leaves = Enumerable.Range(0, 8).Select(_ => nouns.Dequeue()).Select(n => Service(n + _suffix, n, Tier.Leaf)).ToList();
        var workers = _dice.Shuffled(WorldNames.Workers).Take(6).Select(n => Service(n + "-worker", n, Tier.Worker)).ToList();
        var jobs = _dice.Shuffled(WorldNames.Jobs).Take(2).Select(n => Service(n, n, Tier.Job)).ToList();
        AddResources(cores, leaves);
        foreach (var leaf in leaves)
        {
            AddOperations(leaf, 2, op => AddStores(leaf, op));
        }

        foreach (var worker in workers)
        {
            AddWorker(worker, leaves);
        }

        var nextLeaf = 0;
        foreach (var core in cores)
        {
            AddOperations(core, 2, op =>
            {
                AddStores(core, op);
                for (var n = _dice.Next(3) == 0 ? 2 : 1; n > 0; n--)
                {
                    op.Steps.Add(CallOf(leaves[nextLeaf++ % leaves.Count], _dice.Between(0.5, 1)));
                }
            });
        }

        foreach (var job in jobs)
        {
            var op = Operation($"job {job.Noun}", job, 400);
            op.Steps.Add(new ResourceStep(_dice.Pick([.. _resources.Where(r => r.Kind == ResourceKind.Database)]), $"SELECT {job.Noun}", 1, 30_000, 1, false));
            op.Steps.Add(CallOf(_dice.Pick(leaves), 1));
            job.Operations.Add(op);
        }

        var entries = AddEntries(gateway, bffs, cores);
        var asked = bffs.SelectMany(b => b.Operations).SelectMany(o => o.Steps).OfType<ServiceStep>().Select(c => c.Operation).Distinct().ToList();
        for (var q = 0; q < _queues.Count; q++)
        {
            asked[q * asked.Count / _queues.Count].Steps.Add(new PublishStep(_queues[q], _dice.Between(0.3, 0.7)));
        }

        var world = new ExamWorld { Services = _services, Resources = _resources, Queues = _queues, Entries = entries };
        WorldRates.FillIn(world, PeakRequestsPerSecond);
        return world;
    }

    private List<(Operation, double)> AddEntries(ServiceNode gateway, List<ServiceNode> bffs, List<ServiceNode> cores)
    {
        var entries = new List<(Operation, double)>();
        var nextCore = 0;
        foreach (var bff in bffs)
        {
            for (var i = 0; i < 4; i++)
            {
                var noun = cores[nextCore % cores.Count].Noun;
                var op = Operation(i % 2 == 0 ? $"GET /{bff.Noun}/{Plural(noun)}" : $"POST /{bff.Noun}/{Plural(noun)}", bff, 4);
                for (var n = 1 + _dice.Next(3); n > 0; n--)
                {
                    op.Steps.Add(CallOf(cores[nextCore++ % cores.Count], n == 1 ? 1 : _dice.Between(0.4, 1)));
                }

                bff.Operations.Add(op);
                var entry = Operation(op.Name, gateway, 1.5);
                entry.Steps.Add(new ServiceStep(bff, op, 1, 10_000, 0, false));
                gateway.Operations.Add(entry);
                entries.Add((entry, _dice.Between(0.5, 2)));
            }
        }

        return entries;
    }

    private void AddResources(List<ServiceNode> cores, List<ServiceNode> leaves)
    {
        foreach (var owner in cores.Take(4).Concat(leaves.Take(5)))
        {
            var port = _dice.Pick<int>([5432, 3306, 27017]);
            AddResource($"{owner.Noun}-db", ResourceKind.Database, $"{owner.Noun}-db.{_domain}:{port}", _dice.Between(2, 8), 0.5, 20);
        }

        foreach (var owner in cores.Skip(4).Take(3))
        {
            AddResource($"{owner.Noun}-cache", ResourceKind.Cache, $"{owner.Noun}-redis.{_domain}:6379", _dice.Between(0.3, 1), 0.4, 64);
        }

        foreach (var (name, address) in _dice.Shuffled(WorldNames.Providers).Take(4))
        {
            AddResource(name, ResourceKind.Provider, address, _dice.Between(60, 250), 0.4, 200);
        }

        AddResource("media-bucket", ResourceKind.ObjectStore, $"media.s3.{_domain}:443", _dice.Between(20, 60), 0.5, 100);
    }

    private void AddResource(string name, ResourceKind kind, string address, double medianMs, double sigma, int slots) =>
        _resources.Add(new ResourceNode { Name = name, Kind = kind, Address = address, MedianMs = medianMs, Sigma = sigma, Slots = slots });

    private void AddOperations(ServiceNode service, int count, Action<Operation> complete)
    {
        for (var i = 0; i < count; i++)
        {
            var name = i == 0 ? $"GET /{Plural(service.Noun)}/{{id}}" : _dice.Chance(0.5) ? $"POST /{Plural(service.Noun)}" : $"GET /{Plural(service.Noun)}";
            var op = Operation(name, service, _dice.Between(3, 20));
            complete(op);
            service.Operations.Add(op);
        }
    }

    private Operation Operation(string name, ServiceNode service, double selfMs) => new()
    {
        Name = name,
        SelfMs = selfMs,
        Sigma = _dice.Between(0.25, 0.5),
        InvalidShare = service.Tier is Tier.Core or Tier.Leaf && _dice.Chance(0.6) ? _dice.Between(0.002, 0.02) : 0,
        Details = [.. _dice.Shuffled(WorldNames.Details).Take(2).Select(d => d.Replace("{noun}", service.Noun, StringComparison.Ordinal))],
    };

    private void AddStores(ServiceNode service, Operation op)
    {
        var own = _resources.Find(r => r.Name == service.Noun + "-db");
        var cache = _resources.Find(r => r.Name == service.Noun + "-cache");
        var isWrite = op.Name.StartsWith("POST", StringComparison.Ordinal);
        if (cache is not null)
        {
            var store = _dice.Pick([.. _resources.Where(r => r.Kind == ResourceKind.Database)]);
            op.Steps.Add(new CacheStep(cache, store, $"SELECT {Plural(service.Noun)}", 1, _dice.Between(0.85, 0.96)));
            return;
        }

        if (own is null)
        {
            own = _dice.Chance(0.5)
                ? _dice.Pick([.. _resources.Where(r => r.Kind is ResourceKind.Provider)])
                : _dice.Pick([.. _resources.Where(r => r.Kind is ResourceKind.Database)]);
        }

        var statement = own.Kind switch
        {
            ResourceKind.Provider => $"POST /v1/{service.Noun}",
            _ => (isWrite ? "INSERT " : "SELECT ") + Plural(service.Noun),
        };
        op.Steps.Add(new ResourceStep(own, statement, _dice.Between(0.8, 1), own.Kind == ResourceKind.Provider ? 4000 : 3000, 1, isWrite));
    }

    private void AddWorker(ServiceNode worker, List<ServiceNode> leaves)
    {
        var queue = $"{worker.Noun}-requests";
        var op = Operation("consume " + queue, worker, _dice.Between(10, 60));
        op.Steps.Add(CallOf(_dice.Pick(leaves), 1));
        var outside = _dice.Pick([.. _resources.Where(r => r.Kind is ResourceKind.Provider or ResourceKind.ObjectStore)]);
        op.Steps.Add(new ResourceStep(outside, outside.Kind == ResourceKind.Provider ? $"POST /v1/{worker.Noun}" : $"PUT {worker.Noun}", 1, 8000, 2, true));
        worker.Operations.Add(op);
        _queues.Add(new QueueNode { Name = queue, Worker = worker, Handler = op, Consumers = 2 });
    }

    private static string Plural(string noun) =>
        noun.EndsWith('y') ? noun[..^1] + "ies" : noun.EndsWith('s') || noun.EndsWith('x') ? noun + "es" : noun + "s";

    private ServiceStep CallOf(ServiceNode callee, double probability) => new(
        callee, _dice.Pick(callee.Operations), probability, callee.Tier == Tier.Core ? 5000 : 2500, _dice.Next(3), _dice.Chance(0.15));

    private ServiceNode Service(string name, string noun, Tier tier)
    {
        var style = tier == Tier.Gateway ? LogStyle.GoZap : (LogStyle)_dice.Next(6);
        var hosts = tier is Tier.Worker or Tier.Job ? 1 + _dice.Next(2) : 2 + _dice.Next(3);
        var memory = style switch { LogStyle.Spring => 900.0, LogStyle.AspNet => 420, LogStyle.Python => 260, LogStyle.Node => 310, _ => 90 } * _dice.Between(0.7, 1.4);
        var isVerbose = _dice.Chance(0.3);
        var service = new ServiceNode
        {
            Index = _services.Count,
            Name = name,
            Noun = noun,
            Tier = tier,
            Style = style,
            Ids = _dice.Next(10) switch { < 6 => IdStyle.Fields, < 7 => IdStyle.InMessage, < 9 => IdStyle.RequestId, _ => IdStyle.None },
            Hosts = [.. Enumerable.Range(0, hosts).Select(_ => "node-" + (1 + _dice.Next(8)).ToString(CultureInfo.InvariantCulture))],
            Threads = _dice.Pick<int>([16, 32, 64]),
            PoolSize = _dice.Pick<int>([5, 10, 20]),
            MemoryMb = memory,
            MemoryLimitMb = Math.Ceiling(memory * 1.9 / 64) * 64,
            SawtoothMs = style is LogStyle.Spring or LogStyle.AspNet ? _dice.Between(8, 40) * 60_000 : _dice.Between(3, 9) * 3_600_000,
            AccessShare = isVerbose ? 1 : _dice.Between(0.3, 0.9),
            DetailShare = isVerbose ? 0.8 : _dice.Between(0.1, 0.5),
            DebugPerMinute = _dice.Chance(0.1) ? _dice.Between(20, 60) : 0,
            NoisyErrorsPerHour = _dice.Chance(0.12) ? _dice.Between(6, 40) : 0,
            Scales = tier is (Tier.Bff or Tier.Core) && _dice.Chance(0.3),
            HasDisk = tier == Tier.Worker || (tier == Tier.Leaf && _dice.Chance(0.4)),
        };
        _services.Add(service);
        return service;
    }
}
