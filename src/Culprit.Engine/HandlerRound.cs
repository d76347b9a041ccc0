using Culprit.Engine.Extending;

namespace Culprit.Engine;

/// <summary>What came of calling the handlers that were due.</summary>
/// <param name="Events">Published by trigger handlers that said that they are done.</param>
/// <param name="Failures">Calls that failed, in words; those not given up are tried again in a later round.</param>
public sealed record HandlerRound(IReadOnlyList<EngineEvent> Events, IReadOnlyList<string> Failures);
