namespace Culprit.Engine.Alerting;

/// <summary>Matches names of environments and services against patterns in which <c>*</c> stands for any text, also none.</summary>
internal static class NamePattern
{
    /// <summary>Upper and lower case are the same, so that no page is lost over the spelling of a name.</summary>
    /// <remarks>Never takes more than length of pattern times length of name: names come from outside.</remarks>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, resume = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = n;
            }
            else if (p < pattern.Length && char.ToUpperInvariant(pattern[p]) == char.ToUpperInvariant(name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                // Only the last star needs another try: what an earlier one could still give, this one can too.
                p = star + 1;
                n = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
