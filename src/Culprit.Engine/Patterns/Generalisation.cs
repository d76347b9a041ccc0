namespace Culprit.Engine.Patterns;

/// <summary>Which places of a skeleton become variable.</summary>
/// <param name="Places">Bit i: place i.</param>
/// <param name="IsSpan">The places are neighbours and become one variable, separators included.</param>
internal readonly record struct Generalisation(ulong Places, bool IsSpan)
{
    /// <summary>Places from here on are never generalised.</summary>
    public const int MaxPlaces = 64;

    /// <summary>The key that the skeleton has with these places variable.</summary>
    public ulong KeyOf(Skeleton skeleton)
    {
        var key = 0UL;
        var wasVariable = false;
        var inSpan = false;
        var pieces = skeleton.Pieces;
        for (var i = 0; i < pieces.Length; i++)
        {
            ref readonly var piece = ref pieces[i];
            var chosen = i < MaxPlaces && ((Places >> i) & 1) != 0;
            if (chosen && inSpan)
            {
                continue;
            }

            inSpan = IsSpan && chosen;
            var isVariable = chosen || piece.IsVariable;
            if (isVariable && wasVariable && piece.Joins)
            {
                continue;
            }

            key = Hash64.Add(key, piece.SeparatorHash, isVariable ? Hash64.Variable : piece.Hash);
            wasVariable = isVariable;
        }

        return Hash64.Finish(key, skeleton.TailHash);
    }

    /// <summary>The skeleton with these places variable.</summary>
    public Skeleton Apply(Skeleton skeleton)
    {
        var bytes = new SkeletonBytes(skeleton.Bytes.Length);
        var result = new List<Piece>(skeleton.Pieces.Length);
        var inSpan = false;
        for (var i = 0; i < skeleton.Pieces.Length; i++)
        {
            var piece = skeleton.Pieces[i];
            var chosen = i < MaxPlaces && ((Places >> i) & 1) != 0;
            if (chosen && inSpan)
            {
                continue;
            }

            inSpan = IsSpan && chosen;
            var isVariable = chosen || piece.IsVariable;
            if (isVariable && piece.Joins && result.Count > 0 && result[^1].IsVariable)
            {
                var run = result[^1];
                run.Kind = TokenKind.Run;
                run.State = SlotState.Varied;
                result[^1] = run;
                continue;
            }

            var separator = skeleton.Bytes.AsSpan(piece.SeparatorStart, piece.Start - piece.SeparatorStart);
            var text = skeleton.TextOf(piece);
            piece.SeparatorStart = bytes.Length;
            bytes.Add(separator);
            piece.Start = bytes.Length;
            if (chosen)
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

        var tail = bytes.Length;
        bytes.Add(skeleton.Bytes.AsSpan(skeleton.TailStart));
        return new Skeleton(KeyOf(skeleton), bytes.ToArray(), [.. result], tail, skeleton.TailHash);
    }
}
