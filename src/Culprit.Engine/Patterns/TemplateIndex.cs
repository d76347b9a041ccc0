namespace Culprit.Engine.Patterns;

/// <summary>Finds the template that a skeleton is a case of, also when a variable stands for several words.</summary>
/// <remarks>A template is filed under its longest constant word, which each of its cases must contain.</remarks>
internal sealed class TemplateIndex
{
    private const int MaxPerWord = 64;

    private readonly Dictionary<ulong, List<Entry>> _byWord = [];

    public void Add(Skeleton template)
    {
        if (AnchorOf(template) is var anchor && anchor == 0)
        {
            return;
        }

        if (!_byWord.TryGetValue(anchor, out var list))
        {
            _byWord.Add(anchor, list = []);
        }

        if (!list.Exists(e => e.Template == template))
        {
            if (list.Count == MaxPerWord)
            {
                list.RemoveAt(0);
            }

            list.Add(Entry.Of(template));
        }
    }

    public void Remove(Skeleton template)
    {
        if (_byWord.TryGetValue(AnchorOf(template), out var list) && list.RemoveAll(e => e.Template == template) > 0 && list.Count == 0)
        {
            _byWord.Remove(AnchorOf(template));
        }
    }

    /// <summary>Every template that covers the skeleton, with the places where it differs.</summary>
    public void Find(Skeleton skeleton, List<(Skeleton Template, Generalisation By)> found)
    {
        found.Clear();
        var outline = Outline.Of(skeleton);
        var pieces = skeleton.Pieces.AsSpan();
        for (var i = 0; i < pieces.Length; i++)
        {
            // A word that is repeated forty times is looked up once.
            if (pieces[i].Kind != TokenKind.Literal || !_byWord.TryGetValue(pieces[i].Hash, out var list) || IsRepeated(pieces, i))
            {
                continue;
            }

            foreach (var (template, required, mask) in list)
            {
                if (outline.Has(required, mask) && template != skeleton && Covers(template, skeleton, out var by) && !found.Contains((template, by)))
                {
                    found.Add((template, by));
                }
            }
        }
    }

    private static bool IsRepeated(ReadOnlySpan<Piece> pieces, int place)
    {
        foreach (ref readonly var earlier in pieces[..place])
        {
            if (earlier.Kind == TokenKind.Literal && earlier.Hash == pieces[place].Hash)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the template's constants stand in the skeleton in order, with variables filling the gaps.</summary>
    internal static bool Covers(Skeleton template, Skeleton skeleton, out Generalisation by)
    {
        by = default;
        var pattern = template.Pieces;
        var line = skeleton.Pieces;
        var withTail = template.TailHash != skeleton.TailHash;
        if ((withTail && (pattern.Length == 0 || !pattern[^1].Spans || template.TailHash != LineScanner.EmptySeparator))
            || pattern.Length > line.Length || line.Length > Generalisation.MaxPlaces)
        {
            return false;
        }

        var places = 0UL;
        var glued = 0UL;
        var at = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (at >= line.Length || pattern[i].SeparatorHash != line[at].SeparatorHash)
            {
                return false;
            }

            if (!pattern[i].IsVariable)
            {
                if (line[at].IsVariable || line[at].Hash != pattern[i].Hash)
                {
                    return false;
                }

                at++;
                continue;
            }

            var isLast = i + 1 == pattern.Length;
            var spans = pattern[i].Spans;
            var first = at;
            do
            {
                places |= line[at].IsVariable && !spans ? 0 : 1UL << at;
                glued |= spans && at > first ? 1UL << at : 0;
                at++;
            }
            while (at < line.Length && (spans || (line[at].Joins && !skeleton.NamesValue(at))) && (isLast || !StartsHere(pattern[i + 1], line[at])));
        }

        by = new Generalisation(places, glued, withTail);
        return at == line.Length && (places != 0 || withTail);
    }

    private static bool StartsHere(in Piece next, in Piece piece) =>
        next.SeparatorHash == piece.SeparatorHash
        && (next.IsVariable ? piece.IsVariable : !piece.IsVariable && piece.Hash == next.Hash);

    private static ulong AnchorOf(Skeleton template)
    {
        var anchor = 0UL;
        var length = 0;
        foreach (ref readonly var piece in template.Pieces.AsSpan())
        {
            var size = piece.End - piece.Start;
            if (piece.Kind == TokenKind.Literal && (size > length || (size == length && piece.Hash < anchor)))
            {
                anchor = piece.Hash;
                length = size;
            }
        }

        return anchor;
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_byWord.Count);
        foreach (var (word, list) in _byWord)
        {
            writer.Hash(word);
            writer.Number(list.Count);
            foreach (var entry in list)
            {
                writer.Hash(entry.Template.Id);
            }
        }
    }

    public void Read(ref SnapshotReader reader, SkeletonTable skeletons)
    {
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            var word = reader.Hash();
            var list = new List<Entry>();
            for (var m = reader.Number(MaxPerWord); m > 0 && !reader.Failed; m--)
            {
                if (skeletons.Find(reader.Hash()) is not { } template)
                {
                    reader.Fail();
                    return;
                }

                list.Add(Entry.Of(template));
            }

            _byWord.TryAdd(word, list);
        }
    }

    private readonly record struct Entry(Skeleton Template, Outline Required, Outline Mask)
    {
        public static Entry Of(Skeleton template) => new(template, Outline.Required(template, out var mask), mask);
    }
}
