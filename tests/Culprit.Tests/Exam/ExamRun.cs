using System.Text.Json;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Tests.Exam;

/// <summary>A few simulated minutes, with what they wrote.</summary>
internal sealed class ExamRun
{
    private static readonly DateTimeOffset Start = new(2026, 3, 10, 15, 0, 0, TimeSpan.Zero);

    private ExamRun(List<TelemetryLine> lines, IReadOnlyList<FaultLabel> labels)
    {
        Lines = lines;
        Labels = labels;
    }

    public List<TelemetryLine> Lines { get; }

    public IReadOnlyList<FaultLabel> Labels { get; }

    /// <summary>Lines of one kind, read.</summary>
    public IEnumerable<JsonElement> Of(TelemetryKind kind) =>
        Lines.Where(l => l.Kind == kind).Select(l => JsonDocument.Parse(l.Json).RootElement);

    public static ExamRun Quiet(int seed, double minutes) => Play(seed, minutes, null);

    /// <summary>One quiet minute, then the fault.</summary>
    public static ExamRun With(FaultSpec fault, int strength, double minutes) => Play(1, minutes, world =>
        new FaultPlan(fault, world, 1, strength, 60_000, minutes * 60_000));

    private static ExamRun Play(int seed, double minutes, Func<ExamWorld, FaultPlan>? fault)
    {
        var world = WorldBuilder.Build(seed);
        var plan = fault?.Invoke(world);
        using var system = new SimulatedSystem(world, seed, Start, TimeSpan.FromMinutes(minutes), plan);
        var lines = system.Seconds().SelectMany(s => s).ToList();
        return new ExamRun(lines, plan?.Labels(system) ?? []);
    }
}
