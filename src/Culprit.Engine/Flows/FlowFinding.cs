namespace Culprit.Engine.Flows;

/// <summary>A session that differs from the others of its kind, when it ended. One alone is no incident.</summary>
/// <param name="Step">The step that is odd, or after which it stopped.</param>
/// <param name="Missing">The step that did not come.</param>
internal sealed record FlowFinding(FlowVerdict Verdict, FlowStep Entry, FlowStep Step, FlowStep? Missing);

/// <summary>How many sessions of one kind ended since the last tick, and how many of them differ.</summary>
internal sealed record FlowCount(string Key, FlowStep Entry, long Ended, long Broken);
