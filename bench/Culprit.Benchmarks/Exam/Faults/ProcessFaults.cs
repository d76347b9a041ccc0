using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>Faults of running processes: memory, kills, deadlock.</summary>
internal static class ProcessFaults
{
    /// <summary>Kills in the first five minutes that make a loop clearly visible.</summary>
    private const int VisibleKills = 5;

    /// <summary>Memory leaked within fifteen minutes, as a share of the usual, that makes a leak clearly visible: far above the sawtooth.</summary>
    private const double VisibleLeak = 1;

    private const double DownMs = 12_000;

    public static PlannedFault MemoryLeak(FaultSite site)
    {
        var service = site.Service(Tier.Core, Tier.Leaf);
        var perMinute = service.MemoryMb * site.Of(0.01, 0.03, 0.06, 0.12, 0.3);
        return new PlannedFault
        {
            Service = service,
            Trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, LeakPerMinute = perMinute },
            Change = new CulpritChange("deploy", $"Keep {service.Noun} sessions for replay", $"src/{service.Noun}/sessions.txt", "+    private static final List<Session> SEEN = new ArrayList<>();\n+    SEEN.add(session);"),
            IsVisible = _ => perMinute * 15 >= VisibleLeak * service.MemoryMb,
            Act = (simulation, rollout, _) => KillAtLimit(site, simulation, rollout, service),
        };
    }

    /// <summary>Instances need more memory than a new limit leaves them, and are killed soon after each start.</summary>
    public static PlannedFault KillLoop(FaultSite site)
    {
        var service = site.Service(s => s.Tier is Tier.Core or Tier.Leaf && s.Hosts.Count > 1);
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, IsKilled = true };
        var every = site.Of(240, 120, 60, 35, 20) * 1000;
        var share = site.Of(0.1, 0.3, 0.5, 1, 1);
        return new PlannedFault
        {
            Service = service,
            Trouble = trouble,
            Change = new CulpritChange("config", $"lower memory limit of {service.Name} to {service.MemoryMb * 0.8:0} MiB", "", ""),
            IsVisible = _ => 300_000 / every * Math.Ceiling(share * service.Hosts.Count) >= VisibleKills,
            Act = (simulation, rollout, dice) =>
            {
                var state = simulation.Town[service];
                for (var i = 0; i < Math.Ceiling(share * service.Hosts.Count); i++)
                {
                    for (var at = site.FromMs + dice.Between(0, every / 4); at < site.ToMs - DownMs; at += every * dice.Between(0.9, 1.1))
                    {
                        Kill(at, simulation, rollout, state, state.Instances[i]);
                    }
                }
            },
        };
    }

    /// <summary>Threads wait for each other for ever: the instances say nothing more and answer nothing.</summary>
    public static PlannedFault Deadlock(FaultSite site) => FaultSite.At(
        site.Service(Tier.Leaf, Tier.Core),
        new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, HangShare = site.Of(0.05, 0.15, 0.34, 0.67, 1) });

    private static void KillAtLimit(FaultSite site, SimulatedSystem simulation, Rollout rollout, ServiceNode service)
    {
        var state = simulation.Town[service];
        for (var at = site.FromMs; at < site.ToMs; at += 5000)
        {
            simulation.Agenda.Add(at, now =>
            {
                foreach (var instance in state.Instances)
                {
                    if (!instance.IsDown(now) && state.MemoryMb(instance, now) >= service.MemoryLimitMb)
                    {
                        Kill(now, simulation, rollout, state, instance);
                    }
                }
            });
        }
    }

    private static void Kill(double at, SimulatedSystem simulation, Rollout rollout, ServiceState state, Instance instance)
    {
        rollout.Kill(at, state, instance, DownMs, isRestarted: true);
        simulation.Agenda.Add(at + DownMs, now => simulation.Town.Say(
            now, state.Node, instance.Host, "WARN", "supervisor", "previous container exited with code 137 (OOMKilled), restarting"));
    }
}
