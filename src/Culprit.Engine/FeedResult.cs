using Culprit.Engine.Extending;

namespace Culprit.Engine;

/// <summary>What became of a body that was fed to the engine.</summary>
/// <param name="Accepted">Events that were taken.</param>
/// <param name="Rejected">Events that were not, and why. A body that is broken as a whole has one entry.</param>
/// <param name="Events">What followed from those that were taken.</param>
public sealed record FeedResult(int Accepted, IReadOnlyList<FeedRejection> Rejected, IReadOnlyList<EngineEvent> Events);

/// <summary>An event that was not taken.</summary>
/// <param name="Index">Its place in the body, from 0.</param>
/// <param name="Code">As in the answers of <c>POST /events</c>.</param>
public sealed record FeedRejection(int Index, string Code, string Detail);
