using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>Faults in which something runs short: connections, a lock, the processor, a store, a disk.</summary>
internal static class CapacityFaults
{
    /// <summary>Share of the daily peak at which utilisations are meant.</summary>
    private const double UsualLoad = 0.8;

    /// <summary>Messages waiting, five minutes after the beginning, that make a backlog clearly visible.</summary>
    private const int VisibleBacklog = 10;

    public static PlannedFault PoolExhaustion(FaultSite site)
    {
        var service = site.Service(s => s.Tier is Tier.Core or Tier.Leaf && s.Operations.Exists(o => o.Steps.Exists(UsesDatabase)));
        return FaultSite.At(service, new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, PoolEmptyShare = site.Of(0.05, 0.12, 0.3, 0.6, 0.95) });
    }

    public static PlannedFault LockContention(FaultSite site)
    {
        var service = site.Service(Tier.Core, Tier.Leaf);
        var use = site.Of(0.01, 0.04, 0.15, 0.6, 2);
        return FaultSite.At(service, new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, LockMs = use * 1000 / (service.PeakRate * UsualLoad) });
    }

    public static PlannedFault SlowDatabase(FaultSite site) => FaultSite.At(
        site.Resource(ResourceKind.Database),
        new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, Slowdown = site.Of(1.5, 4, 15, 60, 300) });

    public static PlannedFault CpuThrottling(FaultSite site) => FaultSite.At(site.Service(Tier.Core, Tier.Leaf), new Trouble
    {
        FromMs = site.FromMs,
        ToMs = site.ToMs,
        Slowdown = site.Of(1.15, 1.5, 2.5, 6, 15),
        PauseShare = site.Of(0.03, 0.1, 0.3, 0.6, 1),
    });

    public static PlannedFault QueueBacklog(FaultSite site)
    {
        var queue = site.World.Queues.OrderByDescending(q => q.Handler.PeakRate).Take(3).ElementAt(site.Dice.Next(3));
        var use = site.Of(0.3, 0.8, 1.5, 3, 10);
        var slowdown = use * queue.Consumers * 1000 / (queue.Handler.PeakRate * UsualLoad * queue.Handler.SelfMs);
        return new PlannedFault
        {
            Service = queue.Worker,
            Trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, Slowdown = Math.Max(1.1, slowdown) },
            IsVisible = simulation => simulation[queue].Depth >= VisibleBacklog,
        };
    }

    public static PlannedFault CacheStampede(FaultSite site) => FaultSite.At(
        site.Resource(ResourceKind.Cache),
        new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, CacheLossShare = site.Of(0.05, 0.15, 0.4, 0.7, 1) });

    /// <summary>The disk fills within three minutes; then a share of the writes fails.</summary>
    public static PlannedFault DiskFull(FaultSite site)
    {
        var service = site.Service(s => s.HasDisk && s.Operations.Exists(o => o.Steps.Exists(p => p is ResourceStep { IsWrite: true })));
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, DiskPerMinute = 25, DiskFullShare = site.Of(0.05, 0.15, 0.4, 0.7, 1) };
        return new PlannedFault
        {
            Service = service,
            Trouble = trouble,
            Act = (simulation, _, _) => simulation.Agenda.Add(site.ToMs, _ => simulation.Town[service].DiskPercent = 40),
        };
    }

    private static bool UsesDatabase(Step step) => step switch
    {
        ResourceStep call => call.Resource.Kind == ResourceKind.Database,
        CacheStep => true,
        _ => false,
    };
}
