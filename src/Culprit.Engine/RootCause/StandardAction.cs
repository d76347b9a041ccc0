using System.Globalization;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>The first step that an experienced operator would take for each class of fault, with the names filled in.</summary>
internal static class StandardAction
{
    public const string Unclear =
        "No cause stands out. Look at the first error of each affected service, check what changed in the last hour, and escalate to on-call if users are affected.";

    public static FaultClass ClassOf(Candidate cause)
    {
        var fault = cause.Fault;
        var blame = cause.Accusations.OrderByDescending(a => a.Share * a.Pattern.Mass).FirstOrDefault()?.Blame;
        var word = InfrastructureWords.OfNode(cause.Node)?.Class ?? blame?.Class ?? ResourceClass.None;
        return (fault, blame?.Kind) switch
        {
            (SelfFault.OutOfMemory, _) => FaultClass.Memory,
            (SelfFault.DiskFull, _) or (_, BlameKind.Full) => FaultClass.Disk,
            (SelfFault.OpenFiles, _) => FaultClass.OpenFiles,
            (SelfFault.CertificateExpired, _) or (_, BlameKind.Certificate) => FaultClass.Certificate,
            _ when cause.Change is not null => FaultClass.Change,
            (SelfFault.Crash, _) => FaultClass.Crash,
            (SelfFault.Deadlock, _) or (_, BlameKind.Deadlock) => FaultClass.Deadlock,
            _ when cause.Metric is { IsMemory: true } => FaultClass.Memory,
            _ when cause.Metric is { IsResource: true } => FaultClass.Resource,
            (_, BlameKind.Unresolved) => FaultClass.NameResolution,
            (_, BlameKind.Denied) => FaultClass.Credentials,
            _ when cause.IsHosted => FaultClass.Hosted,
            _ when word == ResourceClass.Database => FaultClass.Database,
            _ when word == ResourceClass.Cache => FaultClass.Cache,
            _ when word == ResourceClass.Broker => FaultClass.Broker,
            _ when word == ResourceClass.NameResolution => FaultClass.NameResolution,
            (_, BlameKind.TimedOut or BlameKind.Exhausted or BlameKind.PoolEmpty or BlameKind.Slow) => FaultClass.SlowPeer,
            (_, not null) => FaultClass.Unreachable,
            _ when cause.Telemetry is Telemetry.Silent or Telemetry.None => FaultClass.Unreachable,
            _ => FaultClass.Generic,
        };
    }

    public static string For(Candidate cause)
    {
        var name = Wording.Subject(cause);
        var callers = Callers(cause);
        var users = callers.Length > 0 ? callers : "its callers";
        return ClassOf(cause) switch
        {
            FaultClass.Database => $"Check the health of {name} (is it up, does it accept connections, how many are open against its limit, disk, locks), then the connection pool{Of(callers)}. Scale it or fail over if it is overloaded or down; enable or enlarge connection pooling if connections ran out.",
            FaultClass.Cache => $"Check {name}: is the primary up, is its memory below the limit, how many clients are connected. Fail over if the primary is down, then watch the errors{Of(callers)} recede.",
            FaultClass.Broker => $"Check the brokers of {name}: are all up, does each partition or queue have a leader, is there disk left. Then check the consumers' lag{Of(callers)}.",
            FaultClass.Memory => $"Restart {name} to restore service, keep a heap dump, then compare its memory with the limit over the last hours: a steady rise is a leak, a jump is load or one large request.",
            FaultClass.Disk => $"Free or enlarge the disk of {name}: look for logs, temporary files and old data first, then restart what stopped writing.",
            FaultClass.Certificate => $"Renew the certificate of {name} and check that its clients trust the new chain; look at the expiry dates of the others.",
            FaultClass.Change => $"Roll back {(cause.Change is { } change ? $"{QuotedText.Name(change.Change.Kind)} {QuotedText.Name(change.Change.Id)}" : "the last change")} on {name}, or switch it off, and watch whether the errors stop; then look at what it changed.",
            FaultClass.SlowPeer => $"Find out why {name} answers late: its load, its own dependencies, its pools and threads. Shed load or scale it, and check the time limits{Of(callers)}.",
            FaultClass.NameResolution => $"Check that the name of {name} resolves from its callers' hosts: the DNS servers, the record, and the service discovery entry.",
            FaultClass.Credentials => $"Check the credentials and rights with which {users} use {name}: an expired or rotated secret is the usual reason.",
            FaultClass.Deadlock => $"List the blocked transactions around {name}, end the oldest blocker, then look for two operations that take the same locks in another order.",
            FaultClass.Crash => $"Look at the crash of {name}: the last lines before it, its exit code and the stack trace. Restart it, and roll back if a change came shortly before.",
            FaultClass.OpenFiles => $"Restart {name} to restore service, raise its limit of open files, and look for connections or files that it does not close.",
            FaultClass.Resource => $"Look at {QuotedText.Name(cause.Metric!.Metric.Metric)} of {name}: what load or work raised it. Scale it out or stop that work.",
            FaultClass.Hosted => $"Look at the status page of whoever runs {name}. Fail over to another region or a replica if there is one, let {users} do without it meanwhile, and check that retries back off.",
            FaultClass.Unreachable => $"Check that {name} is running and reachable{From(callers)}: its instances, health checks, network policy and the address that the callers use.",
            FaultClass.Generic => $"Look at the first errors of {name} and at what changed on it before them; restart or roll back if users are affected.",
            var other => throw new System.Diagnostics.UnreachableException(
                string.Create(CultureInfo.InvariantCulture, $"Unknown class {(byte)other}.")),
        };
    }

    private static string Callers(Candidate cause) =>
        string.Join(", ", cause.Accusers.Select(c => c.Name).Order(StringComparer.Ordinal).Take(3).Select(QuotedText.Name));

    private static string Of(string callers) => callers.Length > 0 ? $" of {callers}" : "";

    private static string From(string callers) => callers.Length > 0 ? $" from {callers}" : "";
}
