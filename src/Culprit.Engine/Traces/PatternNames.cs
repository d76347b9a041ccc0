using Culprit.Engine.Records;

namespace Culprit.Engine.Traces;

/// <summary>What the patterns of an environment's services say and mean by now.</summary>
/// <param name="Text">Display text of a pattern of a service.</param>
/// <param name="Resolve">The pattern that it belongs to since lines turned out to vary in more places.</param>
internal sealed record PatternNames(Func<string, PatternId, string> Text, Func<string, PatternId, PatternId> Resolve);
