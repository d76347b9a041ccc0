using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>One fault at its place: what is to blame, what it does, and what comes with it.</summary>
internal sealed class PlannedFault
{
    /// <summary>The service at fault; null when a resource is.</summary>
    public ServiceNode? Service { get; init; }

    public ResourceNode? Resource { get; init; }

    public required Trouble Trouble { get; init; }

    /// <summary>The change to blame; null when there is none.</summary>
    public CulpritChange? Change { get; init; }

    /// <summary>Other names that mean the root.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>Schedules what no call does by itself: kills, poison, runs of a job. Told when the fault begins.</summary>
    public Action<SimulatedSystem, Rollout, Dice>? Act { get; init; }

    /// <summary>Whether it is clearly visible, when the shares of calls do not tell; asked five minutes after the beginning.</summary>
    public Func<SimulatedSystem, bool>? IsVisible { get; init; }

    public string RootName => Service?.Name ?? Resource!.Name;
}

/// <summary>A change that brings a fault.</summary>
/// <param name="Kind"><c>deploy</c>, <c>flag</c> or <c>config</c>.</param>
internal sealed record CulpritChange(string Kind, string Message, string File, string Diff);
