using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>What changes about a resource while time passes: who uses it, and how busy it is.</summary>
internal sealed class ResourceState(ResourceNode node, double peakRate)
{
    /// <summary>How busy it is at the daily peak.</summary>
    private const double PeakUse = 0.3;
    private const double MemoryMs = 30_000;

    private readonly double _peakRate = Math.Max(0.3, peakRate);
    private double _rate = peakRate / 2;
    private double _last;

    public ResourceNode Node { get; } = node;

    public SlotPool Slots { get; } = new(node.Slots);

    public Trouble? Trouble { get; set; }

    public Trouble? TroubleAt(double at) => Trouble is { } trouble && trouble.IsActive(at) ? trouble : null;

    /// <summary>Counts a call of some weight; a database answers the slower the busier it is.</summary>
    public double LoadFactor(double at, double weight)
    {
        if (Node.Kind != ResourceKind.Database)
        {
            return 1;
        }

        var passed = Math.Max(0, at - _last);
        _last = Math.Max(at, _last);
        _rate = (_rate * Math.Exp(-passed / MemoryMs)) + (weight * 1000 / MemoryMs);
        return 1 / (1 - Math.Min(0.96, PeakUse * _rate / _peakRate));
    }
}
