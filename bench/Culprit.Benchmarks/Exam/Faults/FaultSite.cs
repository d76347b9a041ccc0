using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>Where and when a fault is planned: the world to choose a place in, and how strong it is to be.</summary>
/// <param name="Strength">1, barely visible, to 5, obvious.</param>
internal sealed record FaultSite(ExamWorld World, Dice Dice, int Strength, double FromMs, double ToMs)
{
    /// <summary>Of the values for the five strengths, the one asked for.</summary>
    public double Of(params ReadOnlySpan<double> byStrength) => byStrength[Strength - 1];

    /// <summary>A service that fits, not a nearly idle one if there is a choice.</summary>
    public ServiceNode Service(Func<ServiceNode, bool> fits)
    {
        var all = World.Services.Where(fits).ToList();
        var busy = all.Where(s => s.PeakRate >= 0.3).ToList();
        return busy.Count > 0 ? Dice.Pick(busy) : all.OrderByDescending(s => s.PeakRate).First();
    }

    public ServiceNode Service(params ReadOnlySpan<Tier> tiers)
    {
        var allowed = tiers.ToArray();
        return Service(s => allowed.Contains(s.Tier));
    }

    /// <summary>The busiest resources of a kind, one of them.</summary>
    public ResourceNode Resource(ResourceKind kind) => Dice.Pick([.. World.Resources
        .Where(r => r.Kind == kind)
        .OrderByDescending(r => World.UsersOf(r).Sum(u => u.PeakRate))
        .Take(3)]);

    public static PlannedFault At(ServiceNode service, Trouble trouble, CulpritChange? change = null) =>
        new() { Service = service, Trouble = trouble, Change = change };

    public static PlannedFault At(ResourceNode resource, Trouble trouble) =>
        new() { Resource = resource, Trouble = trouble, Also = [resource.Address, resource.Host] };
}
