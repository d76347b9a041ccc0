using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>Faults of code, flags, configuration and content.</summary>
internal static class CodeFaults
{
    public static PlannedFault BadDeploy(FaultSite site)
    {
        var service = site.Service(Tier.Core, Tier.Leaf);
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, ErrorShare = site.Of(0.02, 0.06, 0.2, 0.5, 0.95) };
        return FaultSite.At(service, trouble, new CulpritChange(
            "deploy", $"Simplify {service.Noun} mapper", $"src/{service.Noun}/mapper.txt",
            $"-    if ({service.Noun} == null) return State.UNKNOWN;\n-    return toState({service.Noun});\n+    return toState({service.Noun});"));
    }

    public static PlannedFault FlagFanOut(FaultSite site)
    {
        var service = site.Service(s => s.Tier == Tier.Core && s.Operations.Exists(o => o.Steps.Exists(p => p is not PublishStep)));
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, FanOut = (int)site.Of(2, 4, 10, 30, 100) };
        return FaultSite.At(service, trouble, new CulpritChange("flag", $"enable {service.Noun}-live-details for all users", "", ""));
    }

    public static PlannedFault ConfigTimeout(FaultSite site)
    {
        var service = site.Service(s => s.Tier == Tier.Core && s.Operations.Exists(o => o.Steps.Exists(p => p is ServiceStep { IsOptional: false })));
        var step = service.Operations.SelectMany(o => o.Steps).OfType<ServiceStep>().First(p => !p.IsOptional);
        var factor = step.Operation.UsualMs * site.Of(6, 3, 1.8, 1.1, 0.5) / step.TimeoutMs;
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, TimeoutFactor = Math.Min(0.99, factor) };
        return FaultSite.At(service, trouble, new CulpritChange("config", $"lower {service.Noun}.client.timeout to {factor * step.TimeoutMs:0} ms", "", ""));
    }

    public static PlannedFault WrongValue(FaultSite site)
    {
        var service = site.Service(s => s.Tier is Tier.Leaf);
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, WrongShare = site.Of(0.02, 0.08, 0.25, 0.6, 1) };
        return FaultSite.At(service, trouble, new CulpritChange(
            "deploy", $"Compute {service.Noun} amount in minor units", $"src/{service.Noun}/amount.txt",
            "-    return base - discount;\n+    return discount - base;"));
    }

    /// <summary>A handler that returns early: no error, but what should follow does not.</summary>
    public static PlannedFault FlowBreak(FaultSite site)
    {
        var service = site.Service(s => s.Tier == Tier.Core && s.Operations.Exists(o => o.Steps.Exists(p => p is PublishStep)));
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, DropShare = site.Of(0.03, 0.1, 0.3, 0.6, 1) };
        return FaultSite.At(service, trouble, new CulpritChange(
            "deploy", $"Skip {service.Noun} handling for known duplicates", $"src/{service.Noun}/handler.txt",
            "-    handle(request);\n+    if (!isDuplicate(request.key())) return;\n+    handle(request);"));
    }

    public static PlannedFault PoisonMessage(FaultSite site) => Poison(site, _ => true);

    public static PlannedFault RunawayJob(FaultSite site)
    {
        var job = site.World.Services.First(s => s.Tier == Tier.Job);
        var every = site.Of(150, 60, 20, 6, 2) * 1000;
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs };
        return new PlannedFault
        {
            Service = job,
            Trouble = trouble,
            Change = new CulpritChange("config", $"{job.Noun}.schedule set to every {every / 1000:0} seconds", "", ""),
            Act = (simulation, _, _) =>
            {
                for (var at = site.FromMs; at < site.ToMs; at += every)
                {
                    simulation.Agenda.Add(at, now =>
                    {
                        trouble.Touch(now, true);
                        simulation.Background.RunJob(job, now);
                    });
                }
            },
        };
    }

    /// <summary>Two independent faults: a core service throws, and a worker that has nothing to do with it chokes on a message.</summary>
    public static IReadOnlyList<PlannedFault> TwoAtOnce(FaultSite site)
    {
        var service = site.Service(s => s.Tier == Tier.Core && !s.Operations.Exists(o => o.Steps.Exists(p => p is PublishStep)));
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, ErrorShare = site.Of(0.02, 0.06, 0.2, 0.5, 0.95) };
        return [FaultSite.At(service, trouble), Poison(site, w => !site.World.CallersOf(w).Contains(service))];
    }

    private static PlannedFault Poison(FaultSite site, Func<ServiceNode, bool> fits)
    {
        var queue = site.Dice.Pick([.. site.World.Queues.Where(q => fits(q.Worker))]);
        var trouble = new Trouble { FromMs = site.FromMs, ToMs = site.ToMs, RedeliverMs = site.Of(120, 40, 12, 4, 0.5) * 1000 };
        return new PlannedFault
        {
            Service = queue.Worker,
            Trouble = trouble,
            Act = (simulation, _, dice) =>
                simulation[queue].PublishPoison(site.FromMs, new Trace(dice.Hex(32), "req-" + dice.Hex(10)), trouble),
        };
    }
}
