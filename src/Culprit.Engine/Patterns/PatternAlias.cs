using Culprit.Engine.Records;

namespace Culprit.Engine.Patterns;

/// <summary>Lines stored under <paramref name="Old"/> belong to <paramref name="Current"/>, which may be aliased in turn.</summary>
internal readonly record struct PatternAlias(PatternId Old, PatternId Current);
