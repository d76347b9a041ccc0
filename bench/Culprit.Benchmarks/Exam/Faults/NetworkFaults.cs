using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>Faults between services, and of what lies outside.</summary>
internal static class NetworkFaults
{
    public static PlannedFault CertificateExpiry(FaultSite site) => FaultSite.At(site.Service(Tier.Leaf, Tier.Core), new Trouble
    {
        FromMs = site.FromMs,
        ToMs = site.ToMs,
        RefuseShare = site.Of(0.03, 0.1, 0.25, 0.5, 1),
        CallFailure = Failure.Certificate,
    });

    public static PlannedFault NameFailure(FaultSite site) => FaultSite.At(site.Resource(ResourceKind.Database), new Trouble
    {
        FromMs = site.FromMs,
        ToMs = site.ToMs,
        RefuseShare = site.Of(0.03, 0.1, 0.3, 0.6, 1),
        CallFailure = Failure.NameResolution,
    });

    public static PlannedFault ProviderDown(FaultSite site) => FaultSite.At(site.Resource(ResourceKind.Provider), new Trouble
    {
        FromMs = site.FromMs,
        ToMs = site.ToMs,
        RefuseShare = site.Of(0.03, 0.1, 0.3, 0.6, 1),
        CallFailure = site.Dice.Chance(0.5) ? Failure.Timeout : Failure.ServerError,
    });

    public static PlannedFault Delay(FaultSite site) => FaultSite.At(site.Service(Tier.Leaf, Tier.Core), new Trouble
    {
        FromMs = site.FromMs,
        ToMs = site.ToMs,
        DelayMs = site.Of(10, 40, 150, 600, 2000),
    });

    /// <summary>On one link only: either end may be called the place.</summary>
    public static PlannedFault PacketLoss(FaultSite site)
    {
        var callee = site.Service(s => s.Tier == Tier.Leaf && site.World.CallersOf(s).Any(c => c.Tier == Tier.Core));
        var caller = site.World.CallersOf(callee).Where(c => c.Tier == Tier.Core).OrderByDescending(c => c.PeakRate).First();
        return new PlannedFault
        {
            Service = callee,
            Also = [caller.Name],
            Trouble = new Trouble
            {
                FromMs = site.FromMs,
                ToMs = site.ToMs,
                OnlyCaller = caller,
                LossShare = site.Of(0.01, 0.03, 0.08, 0.2, 0.5),
            },
        };
    }
}
