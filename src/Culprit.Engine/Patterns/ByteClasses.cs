using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Culprit.Engine.Patterns;

/// <summary>One bit per byte of a line: is it a separator, a digit, or a mark inside words (<c>. - _ /</c> and so on).</summary>
/// <remarks>
/// Every other byte is a letter, those from 0x80 on included. Control characters count as white space. One pass of
/// 16 bytes a step; after it, the end of a token is one count of trailing zeros.
/// </remarks>
internal sealed class ByteClasses(int maxBytes)
{
    private readonly ulong[] _separators = new ulong[(maxBytes / 64) + 2];
    private readonly ulong[] _digits = new ulong[(maxBytes / 64) + 2];
    private readonly ulong[] _marks = new ulong[(maxBytes / 64) + 2];

    private const byte Control = 1;
    private const byte Row2 = 2;
    private const byte Row3 = 4;
    private const byte Row4And6 = 8;
    private const byte Row5 = 16;
    private const byte Row7 = 32;

    // Bit r of LowNibble[n] says that the character with low nibble n in row r (high nibble) is a separator.
    private static readonly Vector128<byte> LowNibble = Vector128.Create(
        (byte)(Control | Row2 | Row4And6), // space @ `
        Control | Row2, // !
        Control | Row2, // "
        Control | Row2, // #
        Control,
        Control,
        Control | Row2, // &
        Control | Row2, // '
        Control | Row2, // (
        Control | Row2, // )
        Control | Row3, // :
        Control | Row3 | Row5 | Row7, // ; [ {
        Control | Row2 | Row3 | Row7, // , < |
        Control | Row3 | Row5 | Row7, // = ] }
        Control | Row3, // >
        Control | Row3 | Row7); // ? DEL

    private static readonly Vector128<byte> HighNibble = Vector128.Create(
        Control, Control, Row2, Row3, Row4And6, Row5, Row4And6, Row7, 0, 0, 0, 0, 0, 0, 0, 0);

    private static readonly byte[] Table = BuildTable();

    /// <summary>Classifies the bytes; what lies behind the end counts as separator.</summary>
    /// <param name="from">Bytes before this are not asked for; whole words of 64 before it are skipped.</param>
    public void Read(ReadOnlySpan<byte> line, int from)
    {
        ref var source = ref MemoryMarshal.GetReference(line);
        var word = from >> 6;
        var at = word << 6;
        for (; at + 64 <= line.Length; at += 64, word++)
        {
            ReadWord(ref Unsafe.Add(ref source, at), word);
        }

        if (at < line.Length)
        {
            Span<byte> rest = stackalloc byte[64];
            rest.Fill((byte)' ');
            line[at..].CopyTo(rest);
            ReadWord(ref MemoryMarshal.GetReference(rest), word++);
        }

        _separators[word] = ulong.MaxValue;
        _digits[word] = 0;
        _marks[word] = 0;
    }

    /// <summary>First separator at or after <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextSeparator(int at) => Next(_separators, at, 0);

    /// <summary>First byte at or after <paramref name="at"/> that is no separator; may lie behind the end.</summary>
    public int NextWord(int at, int length)
    {
        while (at < length)
        {
            var bits = ~_separators[at >> 6] >> (at & 63);
            if (bits != 0)
            {
                return at + BitOperations.TrailingZeroCount(bits);
            }

            at = (at | 63) + 1;
        }

        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountDigits(int start, int end) => Count(_digits, start, end);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountMarks(int start, int end) => Count(_marks, start, end);

    internal static bool IsSeparator(byte c) => Table[c] == 1;

    internal static bool IsMark(byte c) => Table[c] == 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(ulong[] bitmap, int at, ulong flip)
    {
        var word = at >> 6;
        var bits = (bitmap[word] ^ flip) >> (at & 63);
        if (bits != 0)
        {
            return at + BitOperations.TrailingZeroCount(bits);
        }

        // The word after the last holds only ones, so this ends.
        while (bitmap[++word] == 0)
        {
        }

        return (word << 6) + BitOperations.TrailingZeroCount(bitmap[word]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count(ulong[] bitmap, int start, int end)
    {
        var word = start >> 6;
        var bits = bitmap[word] >> (start & 63);
        var length = end - start;
        if ((start & 63) + length <= 64)
        {
            return BitOperations.PopCount(length == 64 ? bits : bits & ((1UL << length) - 1));
        }

        return CountAcross(bitmap, start, end);
    }

    private static int CountAcross(ulong[] bitmap, int start, int end)
    {
        var count = BitOperations.PopCount(bitmap[start >> 6] >> (start & 63));
        for (var word = (start >> 6) + 1; word < end >> 6; word++)
        {
            count += BitOperations.PopCount(bitmap[word]);
        }

        var tail = end & 63;
        return tail == 0 ? count : count + BitOperations.PopCount(bitmap[end >> 6] & ((1UL << tail) - 1));
    }

    private void ReadWord(ref byte source, int word)
    {
        ulong separators = 0;
        ulong digits = 0;
        ulong letters = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (var i = 0; i < 4; i++)
            {
                var bytes = Vector128.LoadUnsafe(ref source, (nuint)(16 * i));
                var low = Vector128.ShuffleNative(LowNibble, bytes & Vector128.Create((byte)15));
                var high = Vector128.ShuffleNative(HighNibble, Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & Vector128.Create((byte)15));
                var isSeparator = ~Vector128.Equals(low & high, Vector128<byte>.Zero);
                var isDigit = Vector128.LessThan(bytes - Vector128.Create((byte)'0'), Vector128.Create((byte)10));
                var isLetter = Vector128.LessThan((bytes | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a'), Vector128.Create((byte)26))
                    | Vector128.GreaterThanOrEqual(bytes, Vector128.Create((byte)0x80));
                separators |= (ulong)isSeparator.ExtractMostSignificantBits() << (16 * i);
                digits |= (ulong)isDigit.ExtractMostSignificantBits() << (16 * i);
                letters |= (ulong)isLetter.ExtractMostSignificantBits() << (16 * i);
            }
        }
        else
        {
            for (var i = 0; i < 64; i++)
            {
                var kind = Table[Unsafe.Add(ref source, i)];
                separators |= (kind == 1 ? 1UL : 0) << i;
                digits |= (kind == 3 ? 1UL : 0) << i;
                letters |= (kind == 0 ? 1UL : 0) << i;
            }
        }

        _separators[word] = separators;
        _digits[word] = digits;
        _marks[word] = ~(separators | digits | letters);
    }

    // 0 letter, 1 separator, 2 mark, 3 digit.
    private static byte[] BuildTable()
    {
        var table = new byte[256];
        for (var c = 0; c < 128; c++)
        {
            table[c] = (byte)(c <= 0x20 || c == 0x7F || "!\"#&'(),:;<=>?@[]`{|}".Contains((char)c, StringComparison.Ordinal) ? 1
                : char.IsAsciiDigit((char)c) ? 3
                : char.IsAsciiLetter((char)c) ? 0 : 2);
        }

        return table;
    }
}
