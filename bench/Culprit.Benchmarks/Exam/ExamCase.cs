using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam;

/// <summary>One stretch of simulated time: quiet, or with a fault after a lead-in.</summary>
internal sealed record ExamCase(int Seed, FaultSpec? Fault, int Strength, TimeSpan Length)
{
    /// <summary>Normal traffic before a fault, from which baselines are learned.</summary>
    public static readonly TimeSpan LeadIn = TimeSpan.FromMinutes(75);

    public static readonly TimeSpan FaultLength = TimeSpan.FromMinutes(15);

    public static readonly TimeSpan Recovery = TimeSpan.FromMinutes(12);

    private static readonly DateTimeOffset Day = new(2026, 3, 10, 0, 0, 0, TimeSpan.Zero);

    public static ExamCase Quiet(int seed, TimeSpan length) => new(seed, null, 0, length);

    /// <param name="lead">Instead of <see cref="LeadIn"/>; a shorter one is another, quicker case.</param>
    public static ExamCase Of(int seed, FaultSpec fault, int strength, TimeSpan? lead = null) =>
        new(seed, fault, strength, (lead ?? LeadIn) + FaultLength + Recovery);

    public string Id => Fault is null ? $"quiet-{Seed}" : $"{Fault.Name}-{Strength}-{Seed}";

    public (SimulatedSystem Simulation, FaultPlan? Plan) Prepare()
    {
        var world = WorldBuilder.Build(Seed);
        if (Fault is null)
        {
            return (new SimulatedSystem(world, Seed, Day, Length, null), null);
        }

        // A fault may strike at any hour of the working day.
        var start = Day.AddMinutes(Math.Round(new Dice((ulong)Seed).Fork("hour of " + Fault.Name).Between(7, 20) * 60));
        var plan = new FaultPlan(Fault, world, Seed, Strength, (Length - Recovery - FaultLength).TotalMilliseconds, (Length - Recovery).TotalMilliseconds);
        return (new SimulatedSystem(world, Seed, start, Length, plan), plan);
    }
}
