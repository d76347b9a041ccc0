using System.Buffers.Binary;
using System.IO.Hashing;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Which three characters follow one another anywhere in some messages: a text with others is in none of them.</summary>
/// <remarks>
/// Letters count in either case, all digits are one character and everything else is another, so that numbers and ids do not fill
/// the set, and a question agrees with <see cref="Engine.Storage.TextMatcher"/>. A damaged set takes every text for possible.
/// </remarks>
internal static class TrigramSet
{
    public const int Bytes = CheckedBytes + 4;

    // 28 characters in 5 bits each.
    private const int Mask = (1 << 15) - 1;
    private const int CheckedBytes = (Mask + 1) / 8;

    private static readonly byte[] LetterOf = CreateLetters();

    /// <param name="set"><see cref="Bytes"/> zeros at first.</param>
    public static void Add(Span<byte> set, ReadOnlySpan<byte> text)
    {
        if (text.Length < 3)
        {
            return;
        }

        var trigram = (LetterOf[text[0]] << 5) | LetterOf[text[1]];
        foreach (var b in text[2..])
        {
            trigram = ((trigram << 5) | LetterOf[b]) & Mask;
            set[trigram >> 3] |= (byte)(1 << (trigram & 7));
        }
    }

    /// <summary>Nothing may be added afterwards.</summary>
    public static void Seal(Span<byte> set) =>
        BinaryPrimitives.WriteUInt32LittleEndian(set[CheckedBytes..], XxHash32.HashToUInt32(set[..CheckedBytes]));

    public static bool MayHold(ReadOnlySpan<byte> set, ReadOnlySpan<byte> text)
    {
        Span<byte> asked = stackalloc byte[Bytes];
        asked.Clear();
        Add(asked, text);
        for (var i = 0; i < CheckedBytes; i++)
        {
            if ((asked[i] & ~set[i]) != 0)
            {
                return BinaryPrimitives.ReadUInt32LittleEndian(set[CheckedBytes..]) != XxHash32.HashToUInt32(set[..CheckedBytes]);
            }
        }

        return true;
    }

    private static byte[] CreateLetters()
    {
        var letters = new byte[256];
        for (var b = 0; b < 256; b++)
        {
            letters[b] = char.IsAsciiLetter((char)b) ? (byte)((b | 0x20) - 'a')
                : char.IsAsciiDigit((char)b) ? (byte)26
                : (byte)27;
        }

        return letters;
    }
}
