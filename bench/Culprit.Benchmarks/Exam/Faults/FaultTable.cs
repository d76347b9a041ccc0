using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>The faults of the exam and what each does at its five strengths.</summary>
internal static class FaultTable
{
    private const string Errors = "error_spike";
    private const string Latency = "latency_spike";
    private const string Connection = "connection_failure";
    private const string Cascade = "cascade_failure";
    private const string Memory = "memory_leak";

    /// <summary>Shapes for which the wire has no word of its own, and names that an engine may give them.</summary>
    private static readonly string[] Shape = ["unknown", "flow_break", "silence", "rate_change", "new_error"];

    public static IReadOnlyList<FaultSpec> All { get; } =
    [
        new("bad-deploy", [Errors, "new_error"], RedHerring.Deploy, s => One(CodeFaults.BadDeploy(s))),
        new("flag-fan-out", [Latency], RedHerring.Deploy, s => One(CodeFaults.FlagFanOut(s))),
        new("config-timeout", [Connection, Errors], RedHerring.None, s => One(CodeFaults.ConfigTimeout(s))),
        new("wrong-value", [Errors, "new_error"], RedHerring.Deploy, s => One(CodeFaults.WrongValue(s))),
        new("flow-break", Shape, RedHerring.None, s => One(CodeFaults.FlowBreak(s))),
        new("poison-message", [Errors, "new_error"], RedHerring.LogBurst, s => One(CodeFaults.PoisonMessage(s))),
        new("runaway-job", [Latency, .. Shape], RedHerring.None, s => One(CodeFaults.RunawayJob(s))),
        new("certificate-expiry", [Connection], RedHerring.Deploy, s => One(NetworkFaults.CertificateExpiry(s))),
        new("dns-failure", [Connection], RedHerring.None, s => One(NetworkFaults.NameFailure(s))),
        new("provider-down", [Connection, Errors], RedHerring.Deploy, s => One(NetworkFaults.ProviderDown(s))),
        new("network-delay", [Latency], RedHerring.LogBurst, s => One(NetworkFaults.Delay(s))),
        new("packet-loss", [Latency, Connection], RedHerring.None, s => One(NetworkFaults.PacketLoss(s))),
        new("pool-exhaustion", [Connection, Latency, Errors, Cascade], RedHerring.LogBurst, s => One(CapacityFaults.PoolExhaustion(s))),
        new("lock-contention", [Latency], RedHerring.Deploy, s => One(CapacityFaults.LockContention(s))),
        new("slow-database", [Latency, Cascade], RedHerring.Deploy, s => One(CapacityFaults.SlowDatabase(s))),
        new("cpu-throttling", [Latency], RedHerring.None, s => One(CapacityFaults.CpuThrottling(s))),
        new("queue-backlog", [Latency, .. Shape], RedHerring.None, s => One(CapacityFaults.QueueBacklog(s))),
        new("cache-stampede", [Connection, Latency, Errors, Cascade], RedHerring.None, s => One(CapacityFaults.CacheStampede(s))),
        new("disk-full", [Errors, "new_error"], RedHerring.Deploy, s => One(CapacityFaults.DiskFull(s))),
        new("memory-leak", [Memory], RedHerring.LogBurst, s => One(ProcessFaults.MemoryLeak(s))),
        new("oom-kill-loop", [Connection, Errors, Memory, Cascade, .. Shape], RedHerring.None, s => One(ProcessFaults.KillLoop(s))),
        new("deadlock-silence", [Connection, Latency, Cascade, "silence", "unknown"], RedHerring.Deploy, s => One(ProcessFaults.Deadlock(s))),
        new("two-at-once", [Errors, "new_error"], RedHerring.None, CodeFaults.TwoAtOnce),
    ];

    public static FaultSpec? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    private static IReadOnlyList<PlannedFault> One(PlannedFault fault) => [fault];
}
