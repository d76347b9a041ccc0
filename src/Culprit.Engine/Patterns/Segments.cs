namespace Culprit.Engine.Patterns;

/// <summary>Finds stretches of a skeleton that may vary as a whole: what stands in brackets or quotes, and the end of the line.</summary>
internal static class Segments
{
    private const int MaxSegments = 6;
    private const int MinLiteralsBeforeTail = 4;

    /// <summary>Stretches of more than one word, as generalisations of the skeleton.</summary>
    public static IEnumerable<Generalisation> Of(Skeleton skeleton)
    {
        var pieces = skeleton.Pieces;
        var length = Math.Min(pieces.Length, Generalisation.MaxPlaces);
        var found = 0;
        for (var first = 1; first < length - 1 && found < MaxSegments; first++)
        {
            if (CloseFor(skeleton.SeparatorBefore(first)) is var close && close == 0)
            {
                continue;
            }

            for (var next = first + 1; next <= length; next++)
            {
                var after = skeleton.SeparatorAfter(next - 1);
                if (!after.Contains(close))
                {
                    continue;
                }

                if (next - first > 1)
                {
                    found++;
                    yield return Generalisation.Span(first, next - 1);
                }

                break;
            }
        }
    }

    /// <summary>Everything behind the first colon that enough constant words precede, if it is more than one word.</summary>
    /// <remarks>Fewer words would take "host process: " for the start of one pattern.</remarks>
    public static Generalisation? TailOf(Skeleton skeleton)
    {
        var pieces = skeleton.Pieces;
        var literals = 0;
        for (var i = 0; i < pieces.Length - 1 && pieces.Length <= Generalisation.MaxPlaces; i++)
        {
            if (i > 0 && literals >= MinLiteralsBeforeTail && skeleton.SeparatorBefore(i) is [.., (byte)':', (byte)' '])
            {
                return Generalisation.Span(i, pieces.Length - 1, withTail: true);
            }

            literals += pieces[i].Kind == TokenKind.Literal ? 1 : 0;
        }

        return null;
    }

    /// <summary>Whether no white space parts the words of the stretch: <c>"library/nginx:latest"</c>.</summary>
    public static bool IsOneWord(Skeleton skeleton, Generalisation by)
    {
        for (var i = System.Numerics.BitOperations.TrailingZeroCount(by.Places) + 1; by.Has(i) && i < skeleton.Pieces.Length; i++)
        {
            if (skeleton.SeparatorBefore(i).Contains((byte)' '))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What counts as evidence that a stretch varies.</summary>
    /// <remarks>
    /// In square or curly brackets and at the end stands a dump of data: each different content counts. Elsewhere the first word
    /// counts: "GET /a" and "GET /b" are one beginning, and no reason to call the verb variable.
    /// </remarks>
    public static ulong Evidence(Skeleton skeleton, Generalisation by, bool isOneWord = false)
    {
        var first = System.Numerics.BitOperations.TrailingZeroCount(by.Places);
        if (!by.WithTail && !isOneWord && skeleton.SeparatorBefore(first) is not [.., (byte)'[' or (byte)'{'])
        {
            return skeleton.Pieces[first].Hash;
        }

        var hash = 0UL;
        for (var i = first; by.Has(i) && i < skeleton.Pieces.Length; i++)
        {
            hash = Hash64.Add(hash, skeleton.Pieces[i].SeparatorHash, skeleton.Pieces[i].Hash);
        }

        return Hash64.Finish(hash, by.WithTail ? skeleton.TailHash : 0);
    }

    private static byte CloseFor(ReadOnlySpan<byte> separator) => separator.IsEmpty ? (byte)0 : separator[^1] switch
    {
        (byte)'(' => (byte)')',
        (byte)'[' => (byte)']',
        (byte)'{' => (byte)'}',
        (byte)'<' => (byte)'>',
        (byte)'"' => (byte)'"',
        (byte)'\'' => (byte)'\'',
        _ => (byte)0,
    };
}
