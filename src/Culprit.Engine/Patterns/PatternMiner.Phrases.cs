namespace Culprit.Engine.Patterns;

/// <content>When one variable may stand for several words.</content>
internal sealed partial class PatternMiner
{
    private const ulong PhraseSalt = 0x9FB21C651E98DF25;

    /// <summary>Whether a template whose variables would have to stand for several words takes the skeleton in.</summary>
    /// <remarks>
    /// <c>login of &lt;*&gt;</c> must not swallow <c>login of unknown user X</c>, which is a pattern of its own: the
    /// first words must have been seen to differ. Names in capitals (<c>Home Network</c>) need no evidence.
    /// </remarks>
    private bool MayCover(Skeleton template, Skeleton skeleton, Generalisation by)
    {
        if (by.Glued != 0 || by.WithTail || !HasPhrase(skeleton, by))
        {
            return true;
        }

        // Proven questions stay, so that what comes later is taken in as well.
        var hole = _holes.GetOrAdd(template.Id ^ PhraseSalt);
        hole.Touched = true;
        if (hole.Count < _options.DistinctPhrases)
        {
            hole.Add(new HoleWord(FirstWords(skeleton, by), skeleton.Id, by));
            if (hole.Count < _options.DistinctPhrases)
            {
                return false;
            }

            CoverAll(hole, template);
        }

        return true;
    }

    private static ulong FirstWords(Skeleton skeleton, Generalisation by)
    {
        var hash = 0UL;
        for (var i = 0; i < skeleton.Pieces.Length; i++)
        {
            if (by.Has(i) && !(i > 0 && by.Has(i - 1) && skeleton.Pieces[i].Joins))
            {
                hash = Hash64.Mix(hash ^ PhraseSalt, skeleton.Pieces[i].Hash);
            }
        }

        return hash;
    }

    private static bool HasPhrase(Skeleton skeleton, Generalisation by)
    {
        for (var i = 1; i < skeleton.Pieces.Length; i++)
        {
            if (by.Has(i) && by.Has(i - 1) && skeleton.Pieces[i].Joins && !(StartsLikeName(skeleton, i) && StartsLikeName(skeleton, i - 1)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool StartsLikeName(Skeleton skeleton, int place) =>
        skeleton.Pieces[place].IsVariable || char.IsAsciiLetterUpper((char)skeleton.TextOf(skeleton.Pieces[place])[0]);
}
