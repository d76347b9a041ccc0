using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>What goes on without any fault: deploys, restarts, jobs, noise, collections, scaling.</summary>
internal sealed class Background(Town town, Agenda agenda, ServiceCalls calls, Traffic traffic, Rollout rollout, Dice dice)
{
    private const double HourMs = 3_600_000;

    private static readonly IReadOnlyList<string> Noise =
    [
        "Failed to send metrics to statsd: sendto: broken pipe", "Could not refresh feature catalogue, keeping the old one: 304",
        "Failed to parse User-Agent header, ignoring", "error decoding tracing baggage: invalid member",
    ];

    /// <summary>Services that nothing planned touches from a moment on: the fault's own.</summary>
    public HashSet<ServiceNode> Spared { get; } = [];

    public double SparedFrom { get; set; } = double.MaxValue;

    public void Schedule()
    {
        var plans = dice.Fork("plans");
        Sometimes(plans, 0.8 * HourMs, now => With(plans, now, service => rollout.DeployHarmless(now + Rollout.CommitLeadMs, service)));
        Sometimes(plans, 3 * HourMs, now => With(plans, now, service => rollout.Restart(now, town[service], 6000)));
        Sometimes(plans, 4 * HourMs, now => With(plans, now, service =>
            rollout.Set(now, service, "flag", "chg-" + plans.Hex(8), $"enable {service.Noun}-banner for 5 % of users")));
        Sometimes(plans, 4 * HourMs, now => With(plans, now, service =>
            rollout.Set(now, service, "config", "chg-" + plans.Hex(8), $"raise {service.Noun}.page-size from 20 to 25")));
        Sometimes(plans, 1.5 * HourMs, now => Burst(plans, now, plans.Pick(town.World.Services)));
        var jobs = town.World.Services.Where(s => s.Tier == Tier.Job).ToList();
        for (var i = 0; i < jobs.Count; i++)
        {
            var job = jobs[i];
            var every = i == 0 ? 300_000.0 : HourMs;
            agenda.Repeat(every - (town.Dice.Next() * 60_000), () => every, now => RunJob(job, now));
        }

        foreach (var state in town.Services)
        {
            Chatter(state);
        }

        var gateway = town[town.World.Gateway];
        Sometimes(dice.Fork("clients"), 400_000, now => town.Say(now, gateway.Node, gateway.Instances[0].Host, "WARN", "proxy",
            $"client closed connection before the response was sent, status 499 after {dice.Next(4000)} ms"));
    }

    private void Chatter(ServiceState state)
    {
        var own = dice.Fork(state.Node.Name);
        var service = state.Node;
        string Host() => own.Pick(state.Instances).Host;
        if (service.DebugPerMinute > 0)
        {
            Sometimes(own, 60_000 / service.DebugPerMinute, now => town.Say(now, service, Host(), "DEBUG", "pool",
                own.Chance(0.5) ? $"lease {own.Next(9000)} renewed for {own.Next(60)} s" : $"evaluated {own.Next(40)} idle connections, closed {own.Next(3)}"));
        }

        if (service.NoisyErrorsPerHour > 0)
        {
            var text = own.Pick(Noise);
            Sometimes(own, HourMs / service.NoisyErrorsPerHour, now => town.Say(now, service, Host(), "ERROR", "reporter", text));
        }

        if (service.Style is LogStyle.Spring or LogStyle.AspNet)
        {
            Sometimes(own, 100_000, now =>
            {
                var instance = own.Pick(state.Instances);
                var memory = state.MemoryMb(instance, now);
                var tightness = Math.Max(0, (memory / service.MemoryLimitMb) - 0.75);
                var after = memory * own.Between(0.5 + (1.5 * tightness), Math.Min(0.98, 0.7 + (1.5 * tightness)));
                town.Say(now, service, instance.Host, tightness > 0.1 ? "WARN" : own.Chance(0.98) ? "INFO" : "WARN", "gc",
                    Wording.Collection(service, memory, Math.Min(memory, after), own.LogNormal(12 * (1 + (20 * tightness)), 0.6)));
            });
        }

        if (service.Tier is Tier.Worker or Tier.Leaf)
        {
            Sometimes(own, 240_000, now => town.Say(now, service, Host(), "INFO", "health", $"heartbeat ok, uptime {now / 1000:0} s"));
        }

        if (service.Scales)
        {
            agenda.Repeat(300_000, () => 300_000, now => Scale(state, own, now));
        }
    }

    /// <summary>A job runs through the same calls as a request, and tells much.</summary>
    public void RunJob(ServiceNode job, double now)
    {
        var state = town[job];
        var host = state.Instances[0].Host;
        var trace = new Trace(dice.Hex(32), "job-" + dice.Hex(8));
        town.Say(now, job, host, "INFO", "scheduler", $"job {job.Noun} started", trace, trace.Id[..16]);
        var rows = 5 + dice.Next(20);
        var at = now;
        for (var i = 0; i < rows; i++)
        {
            at += dice.LogNormal(400, 0.5);
            town.Say(at, job, host, "INFO", "batch", $"processed chunk {i + 1} of {rows}: {dice.Next(500)} rows", trace, trace.Id[..16]);
        }

        var outcome = calls.Serve(null, state, job.Operations[0], at, trace, string.Empty);
        if (outcome.End != CallOutcome.Never)
        {
            town.Say(outcome.End, job, host, "INFO", "scheduler", $"job {job.Noun} finished in {outcome.End - now:0} ms", trace, trace.Id[..16]);
        }
    }

    /// <summary>Many lines of one service within seconds: a cache is rebuilt, an index refreshed.</summary>
    public void Burst(Dice chance, double at, ServiceNode service)
    {
        var host = chance.Pick(town[service].Instances).Host;
        var lines = 60 + chance.Next(240);
        var isWarning = chance.Chance(0.3);
        var text = chance.Pick<string>(["rebuilding local index, segment", "evicting stale entry", "reloading rule set, rule", "compacting segment"]);
        for (var i = 0; i < lines; i++)
        {
            at += chance.Exponential(80);
            town.Say(at, service, host, isWarning ? "WARN" : "INFO", "maintenance", $"{text} {chance.Next(100_000)}");
        }
    }

    private void Scale(ServiceState state, Dice own, double now)
    {
        var load = traffic.Rate(now) / traffic.MaxRate;
        var wanted = state.Node.Hosts.Count + (load > 0.4 ? 1 : 0) + (load > 0.6 ? 1 : 0);
        if (wanted > state.Instances.Count)
        {
            var instance = new Instance(own.Pick(state.Node.Hosts), now) { WarmAt = now + 30_000 };
            state.Instances.Add(instance);
            town.Say(now, state.Node, instance.Host, "INFO", "main", Wording.Startup(state.Node, state.Version, own.Between(3, 9)));
        }
        else if (wanted < state.Instances.Count)
        {
            town.Say(now, state.Node, state.Instances[^1].Host, "INFO", "main", Wording.Shutdown(state.Node));
            state.Instances.RemoveAt(state.Instances.Count - 1);
        }
    }

    private void With(Dice chance, double now, Action<ServiceNode> act)
    {
        var service = chance.Pick(town.World.Services);
        if (now + Rollout.CommitLeadMs < SparedFrom || !Spared.Contains(service))
        {
            act(service);
        }
    }

    private void Sometimes(Dice chance, double meanMs, Action<double> act) =>
        agenda.Repeat(chance.Exponential(meanMs), () => chance.Exponential(meanMs), act);
}
