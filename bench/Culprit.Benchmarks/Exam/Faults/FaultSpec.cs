namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>What else happens near a fault and has nothing to do with it.</summary>
internal enum RedHerring
{
    None,

    /// <summary>A harmless deploy of another service, three minutes before.</summary>
    Deploy,

    /// <summary>A burst of lines of another service, in the first minute.</summary>
    LogBurst,
}

/// <summary>One row of the fault table.</summary>
/// <param name="Name">As named on the command line.</param>
/// <param name="AnomalyTypes">Types that describe it; any of them is right.</param>
/// <param name="Plan">Chooses the place in a world and what is done to it.</param>
internal sealed record FaultSpec(
    string Name, IReadOnlyList<string> AnomalyTypes, RedHerring RedHerring, Func<FaultSite, IReadOnlyList<PlannedFault>> Plan);
