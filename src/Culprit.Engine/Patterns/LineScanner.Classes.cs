using System.Runtime.CompilerServices;

namespace Culprit.Engine.Patterns;

/// <content>Decides for each word whether it is constant, and where it really ends.</content>
internal sealed partial class LineScanner
{
    /// <summary>Adds the token that starts at <paramref name="start"/> and returns where the next separator begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Classify(ReadOnlySpan<byte> line, int separatorStart, int start, int end, int marks)
    {
        var digits = _classes.CountDigits(start, end);
        if ((digits | marks) != 0)
        {
            return ClassifyMixed(line, separatorStart, start, end, digits, marks);
        }

        var after = end < line.Length ? line[end] : (byte)' ';
        if (after is (byte)':' or (byte)'@')
        {
            var masked = EndOfMaskedWord(line, start, end, after);
            if (masked > end)
            {
                return AddVariable(line, separatorStart, start, masked, TokenKind.Masked);
            }
        }

        if (IsValueOfKey(line, separatorStart, start) && after != (byte)'(')
        {
            return AddVariable(line, separatorStart, start, end, TokenKind.Word);
        }

        if (QuotedValueEnd(line, separatorStart, start) is var quoted && quoted >= end)
        {
            return AddVariable(line, separatorStart, start, quoted, TokenKind.Word);
        }

        if (end - start is 3 or 4 or 5 && IsWordOfInterest(line, start, end, out var dateEnd))
        {
            return dateEnd > 0
                ? AddVariable(line, separatorStart, start, dateEnd, TokenKind.Masked)
                : AddVariable(line, separatorStart, start, end, TokenKind.Word);
        }

        return end - start > 9 && IsExceptionName(line[start..end])
            ? Add(line, separatorStart, start, end, TokenKind.Fixed, Hash64.Of(line[start..end]), 0)
            : AddLiteral(line, separatorStart, start, end);
    }

    // key="several words" and key=[a, b]: one value, unless the key says that it is prose.
    private static int QuotedValueEnd(ReadOnlySpan<byte> line, int separatorStart, int start)
    {
        if (start - separatorStart != 2 || separatorStart == 0 || line[separatorStart] != (byte)'=')
        {
            return 0;
        }

        var close = line[start - 1] switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\'' => (byte)'\'',
            (byte)'[' => (byte)']',
            _ => (byte)0,
        };
        if (close == 0 || IsProseKey(line[..separatorStart]))
        {
            return 0;
        }

        var length = line[start..].IndexOf(close);
        return length < 0 ? 0 : start + length;
    }

    private static bool IsProseKey(ReadOnlySpan<byte> before) =>
        before.EndsWith("msg"u8) || before.EndsWith("message"u8) || before.EndsWith("error"u8) || before.EndsWith("err"u8)
        || before.EndsWith("reason"u8) || before.EndsWith("cause"u8) || before.EndsWith("event"u8);

    private int ClassifyMixed(ReadOnlySpan<byte> line, int separatorStart, int start, int end, int digits, int marks)
    {
        var c = line[start];
        var after = end < line.Length ? line[end] : (byte)' ';
        if (IsDigit(c) || (digits != 0 && end - start > 1 && c is (byte)'-' or (byte)'+' or (byte)'.' or (byte)'~' && IsDigit(line[start + 1])))
        {
            return ClassifyNumber(line, separatorStart, start, end, after);
        }

        if (marks != 0 && IsPathStart(line, start, end))
        {
            return AddVariable(line, separatorStart, start, EndOfPath(line, end, after), TokenKind.Masked);
        }

        if (after is (byte)':' or (byte)'@')
        {
            var masked = EndOfMaskedWord(line, start, end, after);
            if (masked > end)
            {
                return AddVariable(line, separatorStart, start, masked, TokenKind.Masked);
            }
        }

        if (digits >= 2)
        {
            if (after != (byte)'=' && (after != (byte)'(' || digits >= 3))
            {
                return AddVariableWord(line, separatorStart, start, end, digits, marks);
            }

            return AddLiteral(line, separatorStart, start, end);
        }

        if (IsValueOfKey(line, separatorStart, start) && after != (byte)'(')
        {
            return AddVariable(line, separatorStart, start, end, TokenKind.Word);
        }

        if (digits == 1)
        {
            if (after is (byte)'=' or (byte)'(')
            {
                return AddLiteral(line, separatorStart, start, end);
            }

            if (IsSingleDigitValue(line, start, end, marks))
            {
                return AddVariableWord(line, separatorStart, start, end, digits, marks);
            }

            return AddNumbered(line, separatorStart, start, end);
        }

        if (QuotedValueEnd(line, separatorStart, start) is var quoted && quoted >= end)
        {
            return AddVariable(line, separatorStart, start, quoted, TokenKind.Word);
        }

        if (IsExceptionName(line[start..end]))
        {
            return Add(line, separatorStart, start, end, TokenKind.Fixed, Hash64.Of(line[start..end]), 0);
        }

        if (marks != 0 && IsHostName(line, start, end))
        {
            return AddVariable(line, separatorStart, start, end, TokenKind.Masked);
        }

        return AddLiteral(line, separatorStart, start, end);
    }

    // "core.2275" keeps "core.", so that what it counts stays readable.
    private int AddVariableWord(ReadOnlySpan<byte> line, int separatorStart, int start, int end, int digits, int marks)
    {
        if (marks == 1 && end - start > digits + 1 && line[end - digits - 1] == (byte)'.')
        {
            var dot = end - digits;
            Add(line, separatorStart, start, dot, TokenKind.Literal, Hash64.Of(line[start..dot]), 0);
            return _count < MaxTokens ? AddVariable(line, dot, dot, end, TokenKind.Number) : end;
        }

        // "SOCKS5", "x86" may be names; what counts further is a value.
        var isName = digits <= 3 && end - start >= digits + 3 && !HasNumberPart(line, start, end);
        return AddVariable(line, separatorStart, start, end, isName ? TokenKind.Word : TokenKind.Masked);
    }

    private static bool HasNumberPart(ReadOnlySpan<byte> line, int start, int end)
    {
        var digitsOnly = true;
        for (var i = start; i < end; i++)
        {
            if (ByteClasses.IsMark(line[i]))
            {
                if (digitsOnly && i > start)
                {
                    return true;
                }

                digitsOnly = true;
                start = i + 1;
            }
            else
            {
                digitsOnly &= IsDigit(line[i]);
            }
        }

        return digitsOnly && end > start;
    }

    private int AddNumbered(ReadOnlySpan<byte> line, int separatorStart, int start, int end)
    {
        Span<byte> zeroed = stackalloc byte[64];
        if (end - start > zeroed.Length)
        {
            return AddVariable(line, separatorStart, start, end, TokenKind.Word);
        }

        zeroed = zeroed[..(end - start)];
        line[start..end].CopyTo(zeroed);
        for (var i = 0; i < zeroed.Length; i++)
        {
            if (IsDigit(zeroed[i]))
            {
                zeroed[i] = (byte)'0';
            }
        }

        return Add(line, separatorStart, start, end, TokenKind.Numbered, Hash64.Of(zeroed), 0);
    }

    // A component of digits only, a serial number in capitals, or a hexadecimal word.
    private static bool IsSingleDigitValue(ReadOnlySpan<byte> line, int start, int end, int marks)
    {
        var capitals = end - start >= 8;
        var hexadecimal = end - start >= 6;
        for (var i = start; i < end; i++)
        {
            var c = line[i];
            if (IsDigit(c))
            {
                if (marks != 0 && (i == start || ByteClasses.IsMark(line[i - 1])) && (i + 1 == end || ByteClasses.IsMark(line[i + 1])))
                {
                    return true;
                }

                continue;
            }

            capitals &= c is >= (byte)'A' and <= (byte)'Z';
            hexadecimal &= (byte)(c | 0x20) is >= (byte)'a' and <= (byte)'f';
        }

        return capitals || hexadecimal;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsValueOfKey(ReadOnlySpan<byte> line, int separatorStart, int start) =>
        separatorStart > 0 && start - separatorStart == 1 && line[separatorStart] == (byte)'=';

    private static bool IsDigit(byte c) => (uint)(c - '0') <= 9;

    private static bool IsLetter(byte c) => (uint)((c | 0x20) - 'a') <= 25;

    private static bool IsHex(byte c) => IsDigit(c) || (uint)((c | 0x20) - 'a') <= 5;
}
