using System.Globalization;

namespace Culprit.Engine.RootCause.Learning;

/// <summary>A cause that people confirmed for incidents like this one.</summary>
/// <param name="Name">What they call it.</param>
/// <param name="Service">What is to blame.</param>
/// <param name="Times">Earlier incidents like this one for which it was confirmed.</param>
/// <param name="LastAt">When the last of them began.</param>
/// <param name="Runbook">The runbook named last; null for none.</param>
internal sealed record KnownCause(string Name, string Service, int Times, DateTimeOffset LastAt, string? Runbook)
{
    /// <summary>As in "seen 3 times, last on 2026-03-01: orders-db (pool too small)".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"seen {(Times == 1 ? "once" : Times + " times")}, last on {LastAt.UtcDateTime:yyyy-MM-dd}: {Service}{(Name == Service ? "" : $" ({Name})")}{(Runbook is null ? "" : $"; runbook {Runbook}")}");
}
