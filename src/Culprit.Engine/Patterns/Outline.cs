namespace Culprit.Engine.Patterns;

/// <summary>128 bits of a skeleton that tell of nearly every other one that a template does not cover it.</summary>
/// <param name="Words">Two bits for each constant word.</param>
/// <param name="Ends">Eight bits each of the first and of the last 2, 4, 8 and 16 places.</param>
/// <remarks>
/// A new template looks at all skeletons for its cases. What it covers has all its words, begins as it does before its
/// first variable, and ends as it does behind its last; so the bits of the template must be there, and no look at the
/// words themselves is needed to see that they are not.
/// </remarks>
internal readonly record struct Outline(ulong Words, ulong Ends)
{
    private const int Lengths = 4;

    public static Outline Of(Skeleton skeleton) => Of(skeleton, skeleton.Pieces.Length, 0);

    public bool Has(Outline required, Outline mask) =>
        (((Words ^ required.Words) & mask.Words) | ((Ends ^ required.Ends) & mask.Ends)) == 0;

    /// <summary>The bits that every case of the template has.</summary>
    /// <param name="mask">Which bits that says something about.</param>
    public static Outline Required(Skeleton template, out Outline mask)
    {
        var pieces = template.Pieces;
        var first = Array.FindIndex(pieces, p => p.IsVariable);
        var last = Array.FindLastIndex(pieces, p => p.IsVariable);
        var outline = Of(template, first < 0 ? pieces.Length : first, last + 1);
        var ends = 0UL;
        for (var i = 0; i < Lengths; i++)
        {
            var length = 2 << i;
            ends |= first < 0 || first >= length ? 0xFFUL << (8 * i) : 0;
            ends |= pieces.Length - last - 1 >= length ? 0xFFUL << (8 * (Lengths + i)) : 0;
        }

        mask = new Outline(outline.Words, ends);
        return outline;
    }

    private static Outline Of(Skeleton skeleton, int prefix, int suffix)
    {
        var pieces = skeleton.Pieces;
        var words = 0UL;
        var ends = 0UL;
        var key = 0UL;
        for (var i = 0; i < pieces.Length; i++)
        {
            words |= pieces[i].IsVariable ? 0 : (1UL << (int)(pieces[i].Hash & 63)) | (1UL << (int)((pieces[i].Hash >> 6) & 63));
            if (i < prefix && i < 16)
            {
                key = Hash64.Add(key, pieces[i].SeparatorHash, pieces[i].Hash);
                ends |= At(i + 1, key, 0);
            }
        }

        key = 0;
        for (var i = 1; i <= 16 && pieces.Length - i >= suffix; i++)
        {
            ref readonly var piece = ref pieces[^i];
            key = Hash64.Add(key, piece.SeparatorHash, piece.Hash);
            ends |= At(i, key, Lengths);
        }

        return new Outline(words, ends);
    }

    private static ulong At(int length, ulong key, int from)
    {
        var i = System.Numerics.BitOperations.Log2((uint)length) - 1;
        return i >= 0 && length == 2 << i ? (key >> 56) << (8 * (from + i)) : 0;
    }
}
