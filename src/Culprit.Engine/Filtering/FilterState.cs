namespace Culprit.Engine.Filtering;

/// <summary>A <see cref="FilterContext"/> at rest.</summary>
internal sealed record FilterState(IReadOnlyList<FilterTermState> Terms);

/// <summary>What one term remembers; quadruples would be wasteful as objects, so keys, starts and counts lie side by side.</summary>
/// <param name="Term">Canonical text of the term: a term that was changed since starts afresh.</param>
/// <param name="Keys">Hashes of the keys, the one not used for longest first.</param>
/// <param name="Since">Start of each key's window.</param>
/// <param name="Counts">Records in each key's window.</param>
internal sealed record FilterTermState(string Term, ulong[] Keys, long[] Since, long[] Counts);
