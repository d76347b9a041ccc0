namespace Culprit.Engine.Flows;

/// <summary>A record of a session that waits for its place in time.</summary>
/// <param name="Hash">Of the session's id.</param>
/// <param name="Key">What its id is called: <c>trace_id</c>, <c>request_id</c>, <c>blk_</c>.</param>
/// <param name="IsTrouble">A warning or worse.</param>
internal readonly record struct FlowEvent(FlowSession Session, ulong Hash, string Key, FlowStep Step, bool IsTrouble, long TimeNanos);
