namespace Culprit.Engine.Flows;

/// <summary>In what a session differs from the others of its kind.</summary>
internal enum FlowDeviationKind : byte
{
    /// <summary>A step that hardly any session has: a detour.</summary>
    RareStep,

    /// <summary>It ended without a step that nearly all with the same steps go on to: a stop, or a step left out.</summary>
    MissingStep,

    /// <summary>A step more or less often than nearly all.</summary>
    StepCount,
}

/// <summary>The first rule that a session breaks.</summary>
/// <param name="Step">The odd step; for a missing one, the step after which it is expected.</param>
/// <param name="Missing">The step that did not come; -1 for the other kinds.</param>
/// <param name="Times">How often the session has <paramref name="Step"/>.</param>
/// <param name="Cases">Sessions that do the same.</param>
/// <param name="Of">Sessions compared with.</param>
internal sealed record FlowDeviation(FlowDeviationKind Kind, int Step, int Missing, int Times, long Cases, long Of)
{
    public double Share => (double)Cases / Of;
}
