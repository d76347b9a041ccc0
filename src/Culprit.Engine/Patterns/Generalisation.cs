namespace Culprit.Engine.Patterns;

/// <summary>Which places of a skeleton become variable.</summary>
/// <param name="Places">Bit i: place i.</param>
/// <param name="Glued">Bit i: place i belongs to the variable before it, whatever separates them.</param>
/// <param name="WithTail">The text behind the last token belongs to the last variable.</param>
internal readonly record struct Generalisation(ulong Places, ulong Glued = 0, bool WithTail = false)
{
    /// <summary>Places from here on are never generalised.</summary>
    public const int MaxPlaces = 64;

    private const ulong NoTail = LineScanner.EmptySeparator;

    /// <summary>All places from <paramref name="first"/> to <paramref name="last"/> as one variable.</summary>
    public static Generalisation Span(int first, int last, bool withTail = false)
    {
        var upTo = last == MaxPlaces - 1 ? ulong.MaxValue : (1UL << (last + 1)) - 1;
        var places = upTo & ~((1UL << first) - 1);
        return new Generalisation(places, places & ~(1UL << first), withTail);
    }

    public bool Has(int place) => place < MaxPlaces && ((Places >> place) & 1) != 0;

    /// <summary>The key that the skeleton has with these places variable.</summary>
    public ulong KeyOf(Skeleton skeleton)
    {
        var key = 0UL;
        var wasVariable = false;
        var pieces = skeleton.Pieces;
        for (var i = 0; i < pieces.Length; i++)
        {
            ref readonly var piece = ref pieces[i];
            var isVariable = piece.IsVariable || Has(i);
            if (isVariable && wasVariable && (piece.Joins || IsGlued(i)))
            {
                continue;
            }

            key = Hash64.Add(key, piece.SeparatorHash, isVariable ? Hash64.Variable : piece.Hash);
            wasVariable = isVariable;
        }

        return Hash64.Finish(key, WithTail ? NoTail : skeleton.TailHash);
    }

    /// <summary>The skeleton with these places variable.</summary>
    public Skeleton Apply(Skeleton skeleton)
    {
        var bytes = new SkeletonBytes(skeleton.Bytes.Length);
        var result = new List<Piece>(skeleton.Pieces.Length);
        for (var i = 0; i < skeleton.Pieces.Length; i++)
        {
            var piece = skeleton.Pieces[i];
            var isVariable = piece.IsVariable || Has(i);
            if (isVariable && result.Count > 0 && result[^1].IsVariable && (piece.Joins || IsGlued(i)))
            {
                var run = result[^1];
                run.Kind = TokenKind.Run;
                run.State = SlotState.Varied;
                run.Spans |= IsGlued(i) || piece.Spans;
                result[^1] = run;
                continue;
            }

            var separator = skeleton.Bytes.AsSpan(piece.SeparatorStart, piece.Start - piece.SeparatorStart);
            var text = skeleton.TextOf(piece);
            piece.SeparatorStart = bytes.Length;
            bytes.Add(separator);
            piece.Start = bytes.Length;
            if (Has(i))
            {
                piece.Kind = TokenKind.Word;
                piece.State = SlotState.Varied;
                piece.Hash = Hash64.Variable;
            }
            else
            {
                bytes.Add(text);
            }

            piece.End = bytes.Length;
            result.Add(piece);
        }

        if (WithTail && result.Count > 0)
        {
            var last = result[^1];
            last.Spans = true;
            result[^1] = last;
        }

        var tail = bytes.Length;
        bytes.Add(WithTail ? default : skeleton.Bytes.AsSpan(skeleton.TailStart));
        return new Skeleton(KeyOf(skeleton), bytes.ToArray(), [.. result], tail, WithTail ? NoTail : skeleton.TailHash);
    }

    private bool IsGlued(int place) => place < MaxPlaces && ((Glued >> place) & 1) != 0;

    public void Save(SnapshotWriter writer)
    {
        writer.Number(Places);
        writer.Number(Glued);
        writer.Flag(WithTail);
    }

    public static Generalisation Read(ref SnapshotReader reader) => new(reader.Number(), reader.Number(), reader.Flag());
}
