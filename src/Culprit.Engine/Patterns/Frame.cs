using System.Numerics;

namespace Culprit.Engine.Patterns;

/// <summary>Skeletons with the same separators and the same places for words, compared place by place.</summary>
/// <remarks>
/// Finds what single holes cannot: several words that vary at once, so that no two lines agree in all but one. The
/// evidence is a set of different words at every variable place, so the order of arrival does not matter.
/// </remarks>
internal sealed class Frame(int capacity)
{
    // Lines made to agree in ever other places must not make a first sight slow.
    private const int MaxTried = 32;

    private const int MinSupport = 3;

    private readonly List<Skeleton> _members = [];
    private int _next;

    public bool IsEmpty => _members.Count == 0;

    public void Add(Skeleton skeleton)
    {
        if (_members.Count < capacity)
        {
            _members.Add(skeleton);
            return;
        }

        // Members that found their template are still evidence, but leave first.
        for (var step = 0; step < capacity; step++)
        {
            _next = (_next + 1) % capacity;
            if (_members[_next].Cover != 0)
            {
                break;
            }
        }

        _members[_next] = skeleton;
    }

    public void Remove(Skeleton skeleton)
    {
        _members.Remove(skeleton);
        _next = _members.Count == 0 ? 0 : _next % _members.Count;
    }

    /// <summary>The most general form of the skeleton for which the members are evidence, or false.</summary>
    public bool TryGeneralise(Skeleton skeleton, PatternOptions options, out Generalisation by, List<Skeleton> cases)
    {
        by = default;
        cases.Clear();
        if (_members.Count + 1 < MinSupport)
        {
            return false;
        }

        var words = WordPlaces(skeleton, out var literals, out var fixedWords);
        Span<ulong> agreements = stackalloc ulong[_members.Count];
        for (var i = 0; i < agreements.Length; i++)
        {
            agreements[i] = Agreement(skeleton, _members[i], words);
        }

        var best = 0UL;
        var found = false;
        var tried = 0;
        for (var i = 0; i < agreements.Length && tried < MaxTried; i++)
        {
            var fixedPlaces = agreements[i];
            if (BitOperations.PopCount(fixedPlaces & literals) + fixedWords < options.MinLiterals
                || fixedPlaces == words
                || agreements[..i].Contains(fixedPlaces)
                || (found && !IsBetter(fixedPlaces, best)))
            {
                continue;
            }

            tried++;
            if (IsProven(skeleton, agreements, fixedPlaces, words & ~fixedPlaces, options))
            {
                best = fixedPlaces;
                found = true;
            }
        }

        if (!found)
        {
            return false;
        }

        by = new Generalisation(words & ~best);
        for (var i = 0; i < agreements.Length; i++)
        {
            if ((agreements[i] & best) == best)
            {
                cases.Add(_members[i]);
            }
        }

        return true;
    }

    // Fewer constants first; equal counts by value, so that the order of members does not decide.
    private static bool IsBetter(ulong candidate, ulong best)
    {
        var difference = BitOperations.PopCount(candidate) - BitOperations.PopCount(best);
        return difference < 0 || (difference == 0 && candidate < best);
    }

    private bool IsProven(Skeleton skeleton, ReadOnlySpan<ulong> agreements, ulong fixedPlaces, ulong open, PatternOptions options)
    {
        var support = 1;
        foreach (var agreement in agreements)
        {
            support += (agreement & fixedPlaces) == fixedPlaces ? 1 : 0;
        }

        if (support < MinSupport)
        {
            return false;
        }

        var enough = WordEvidence.Needed(options);
        Span<ulong> seen = stackalloc ulong[Math.Min(enough, _members.Count + 1)];
        for (; open != 0; open &= open - 1)
        {
            var place = BitOperations.TrailingZeroCount(open);
            seen[0] = skeleton.Pieces[place].Hash;
            var distinct = 1;
            var points = WordEvidence.Of(skeleton, place, options);
            for (var i = 0; i < agreements.Length && points < enough; i++)
            {
                if ((agreements[i] & fixedPlaces) == fixedPlaces
                    && _members[i].Pieces[place].Hash is var word && !seen[..distinct].Contains(word))
                {
                    seen[distinct++] = word;
                    points += WordEvidence.Of(_members[i], place, options);
                }
            }

            if (points < enough)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong WordPlaces(Skeleton skeleton, out ulong literals, out int fixedWords)
    {
        var words = 0UL;
        literals = 0;
        fixedWords = 0;
        for (var i = 0; i < skeleton.Pieces.Length; i++)
        {
            var kind = skeleton.Pieces[i].Kind;
            words |= kind is TokenKind.Literal or TokenKind.Numbered ? 1UL << i : 0;
            fixedWords += kind == TokenKind.Fixed ? 1 : 0;
            literals |= kind is TokenKind.Literal ? 1UL << i : 0;
        }

        return words;
    }

    private static ulong Agreement(Skeleton a, Skeleton b, ulong words)
    {
        var agreement = 0UL;
        for (; words != 0; words &= words - 1)
        {
            var place = BitOperations.TrailingZeroCount(words);
            agreement |= a.Pieces[place].Hash == b.Pieces[place].Hash ? 1UL << place : 0;
        }

        return agreement;
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_next);
        writer.Number(_members.Count);
        foreach (var member in _members)
        {
            writer.Hash(member.Id);
        }
    }

    public void Read(ref SnapshotReader reader, SkeletonTable skeletons)
    {
        _next = reader.Number(capacity);
        for (var n = reader.Number(capacity); n > 0 && !reader.Failed; n--)
        {
            if (skeletons.Find(reader.Hash()) is not { } member)
            {
                reader.Fail();
                return;
            }

            _members.Add(member);
        }
    }
}
