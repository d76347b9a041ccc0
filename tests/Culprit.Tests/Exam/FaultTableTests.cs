using System.Text.Json;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Tests.Exam;

public sealed class FaultTableTests
{
    private const double Minutes = 2.5;

    /// <summary>Of faults that come slowly.</summary>
    private const double SlowMinutes = 4;

    private static readonly Lazy<ExamRun> Quiet = new(() => ExamRun.Quiet(1, Minutes));
    private static readonly Lazy<ExamRun> SlowQuiet = new(() => ExamRun.Quiet(1, SlowMinutes));

    public static TheoryData<string, string> Effects => new()
    {
        { "bad-deploy", "complaints" }, { "flag-fan-out", "latency" }, { "config-timeout", "complaints" }, { "wrong-value", "complaints" },
        { "flow-break", "fewer calls" }, { "poison-message", "complaints" }, { "runaway-job", "lines" },
        { "certificate-expiry", "complaints" }, { "dns-failure", "complaints" }, { "provider-down", "complaints" },
        { "network-delay", "latency" }, { "packet-loss", "latency" }, { "pool-exhaustion", "complaints" }, { "lock-contention", "latency" },
        { "slow-database", "latency" }, { "cpu-throttling", "latency" }, { "queue-backlog", "queue_depth" },
        { "cache-stampede", "complaints" }, { "disk-full", "disk_used_percent" }, { "memory-leak", "memory" },
        { "oom-kill-loop", "OOMKilled" }, { "deadlock-silence", "silence" }, { "two-at-once", "complaints" },
    };

    [Fact]
    public void EveryFaultHasAnEffectToCheckAndItsName()
    {
        Assert.Equal(FaultTable.All.Select(f => f.Name).Order(), Effects.Select(e => e.Data.Item1).Order());
        Assert.True(FaultTable.All.Count >= 20);
    }

    [Theory]
    [MemberData(nameof(Effects))]
    public void AFaultDoesWhatItSays(string name, string effect)
    {
        var isSlow = name is "disk-full" or "memory-leak" or "queue-backlog";
        var run = ExamRun.With(FaultTable.Find(name)!, 5, isSlow ? SlowMinutes : Minutes);

        Assert.All(run.Labels, AssertComplete);
        Assert.Equal(name == "two-at-once" ? 2 : 1, run.Labels.Count);
        var (observed, usual) = (Measure(run, run.Labels[0], effect), Measure((isSlow ? SlowQuiet : Quiet).Value, run.Labels[0], effect));
        var isFewer = effect is "fewer calls" or "silence";
        Assert.True(isFewer ? observed < usual * 0.6 : observed > Math.Max(usual * 1.3, usual + 3), $"{effect}: {observed} against {usual}");
    }

    private static void AssertComplete(FaultLabel label)
    {
        var json = JsonSerializer.SerializeToElement(label);
        Assert.All(json.EnumerateObject().Where(p => p.Name != "first_affected_call"), p => Assert.NotEqual(JsonValueKind.Null, p.Value.ValueKind));
        Assert.Equal(label.AffectedCalls > 0, label.FirstAffectedCall < label.End);
        Assert.NotEmpty(label.RootCause);
        Assert.NotEmpty(label.Change);
        Assert.NotEmpty(label.AnomalyTypes);
        Assert.NotEmpty(label.AffectedServices);
        Assert.True(label.Start < label.End);
    }

    private static double Measure(ExamRun run, FaultLabel label, string effect)
    {
        var logs = run.Of(TelemetryKind.Logs);
        bool IsRoot(JsonElement line) => Text(line, "service") == label.RootCause;
        bool IsAffected(JsonElement line) => label.AffectedServices.Contains(Text(line, "service"));
        return effect switch
        {
            "complaints" => logs.Count(l => IsAffected(l) && Text(l, "level") is "WARN" or "ERROR"),
            "lines" => logs.Count(IsRoot),
            "silence" => logs.Count(l => IsRoot(l) && Text(l, "level") is not "DEBUG" && Text(l, "trace_id").Length + Text(l, "message").IndexOf("_id=", StringComparison.Ordinal) > 0),
            "OOMKilled" => logs.Count(l => IsRoot(l) && Text(l, "message").Contains(effect, StringComparison.Ordinal)),
            "latency" => Spans(run).Where(s => IsAffected(s)).Select(s => s.GetProperty("duration_ms").GetDouble()).Order().TakeLast(100).Average(),
            "fewer calls" => Spans(run).Count(s => IsRoot(s) && !Text(s, "operation").StartsWith("GET", StringComparison.Ordinal)),
            "memory" => Metric(run, label, n => n.Contains("bytes", StringComparison.Ordinal)) / 1024 / 1024,
            _ => Metric(run, label, n => n == effect),
        };
    }

    private static IEnumerable<JsonElement> Spans(ExamRun run) => run.Of(TelemetryKind.Traces);

    private static double Metric(ExamRun run, FaultLabel label, Func<string, bool> named) => run.Of(TelemetryKind.Metrics)
        .Where(m => Text(m, "service") == label.RootCause && named(Text(m, "metric")))
        .Max(m => m.GetProperty("value").GetDouble());

    private static string Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString()! : string.Empty;
}
