using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>The metrics of services and queues, every 15 or 30 s, under the names their platforms use.</summary>
internal sealed class Meters(Town town, Agenda agenda, IReadOnlyList<MessageQueue> queues, Dice dice)
{
    public void Schedule()
    {
        foreach (var state in town.Services)
        {
            var every = state.Node.Index % 3 == 0 ? 15_000.0 : 30_000;
            var own = dice.Fork("meter " + state.Node.Name);
            agenda.Repeat(every + (state.Node.Index * 131), () => every, now => Write(state, own, now, every));
        }
    }

    private void Write(ServiceState state, Dice own, double now, double windowMs)
    {
        var service = state.Node;
        var trouble = state.TroubleAt(now);
        var counts = state.Counts;
        var perSecond = counts.Calls * 1000 / windowMs;
        var load = perSecond / Math.Max(0.05, service.PeakRate);
        var cpu = 0.04 + (0.25 * load * (trouble?.FanOut ?? 1)) + (0.03 * Math.Abs(own.Normal()));
        if (trouble is { PauseShare: > 0 })
        {
            cpu = Math.Max(cpu, 0.3 + (0.7 * trouble.PauseShare)) - (0.02 * own.Next());
        }

        var memory = state.Instances.Max(i => state.MemoryMb(i, now)) * (1 + (0.01 * own.Normal()));
        var (cpuName, memoryName) = service.Style switch
        {
            LogStyle.Spring => ("process_cpu_usage", "jvm_memory_used_bytes"),
            LogStyle.AspNet => ("process_cpu_utilization", "process_working_set_bytes"),
            LogStyle.Node => ("nodejs_cpu_utilization", "nodejs_heap_size_used_bytes"),
            _ => ("process_cpu_utilization", "process_resident_memory_bytes"),
        };
        town.Pen.Metric(now, service.Name, cpuName, Math.Min(1, cpu), "1");
        town.Pen.Metric(now, service.Name, memoryName, memory * 1024 * 1024, "bytes");
        town.Pen.Metric(now, service.Name, "container_cpu_throttled_ratio", trouble?.PauseShare > 0 ? trouble.PauseShare * own.Between(0.8, 1) : own.Chance(0.02) ? 0.01 : 0, "1");
        town.Pen.Metric(now, service.Name, "requests_per_second", perSecond, "1/s");
        town.Pen.Metric(now, service.Name, "request_errors_ratio", counts.Calls == 0 ? 0 : (double)counts.Failures / counts.Calls, "1");
        if (counts.Calls > 0)
        {
            counts.DurationsMs.Sort();
            town.Pen.Metric(now, service.Name, "request_duration_p95_ms", counts.DurationsMs[(int)(0.95 * (counts.Calls - 1))], "ms");
        }

        if (service.Tier is Tier.Core or Tier.Leaf)
        {
            town.Pen.Metric(now, service.Name, "db_pool_connections_active",
                trouble?.PoolEmptyShare > 0 ? service.PoolSize * Math.Min(1, trouble.PoolEmptyShare + 0.2) : state.PooledConnections(now), "1");
        }

        if (service.Scales)
        {
            town.Pen.Metric(now, service.Name, "replicas", state.Instances.Count, "1");
        }

        if (service.HasDisk)
        {
            var full = trouble is { DiskPerMinute: > 0 } filling ? filling.DiskPerMinute * windowMs / 60_000 : 0.0005;
            state.DiskPercent = Math.Min(100, state.DiskPercent + full);
            town.Pen.Metric(now, service.Name, "disk_used_percent", state.DiskPercent, "%");
        }

        foreach (var queue in queues.Where(q => q.Node.Worker == service))
        {
            town.Pen.Metric(now, service.Name, "queue_depth", queue.Depth, "1");
            town.Pen.Metric(now, service.Name, "queue_oldest_message_age_seconds", queue.OldestMs(now) / 1000, "s");
        }

        counts.Reset();
    }
}
