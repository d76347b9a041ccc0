using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Records stored under <paramref name="Old"/> belong to <paramref name="Current"/>, which may be aliased in turn.</summary>
/// <param name="Text">What the pattern looked like when it was found, variable parts as <c>&lt;*&gt;</c>.</param>
internal sealed record NamedAlias(PatternId Old, PatternId Current, string Text)
{
    /// <summary>Aliases that a store keeps at least; beyond that the oldest may leave.</summary>
    public const int MaxKept = 262_144;

    public const int MaxTextLength = 1000;
}

/// <summary>An alias with the row that tells what was written since.</summary>
internal sealed record NamedAliasRow(long Row, NamedAlias Alias);
