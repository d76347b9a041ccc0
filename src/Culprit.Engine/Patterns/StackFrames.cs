namespace Culprit.Engine.Patterns;

/// <summary>Reads the stack frames below the first line of a message: which functions, not where in their files.</summary>
internal static class StackFrames
{
    /// <summary>Bytes behind the first line that are looked at.</summary>
    public const int MaxBytes = 16 * 1024;

    private static ReadOnlySpan<byte> CausedBy => "Caused by: "u8;

    /// <summary>Whether the text, a message from its second line on, is a stack trace.</summary>
    public static bool Starts(ReadOnlySpan<byte> rest)
    {
        for (var lines = 0; lines < 4 && !rest.IsEmpty; lines++)
        {
            if (TryFrame(NextLine(ref rest, out _), rest, out _, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The innermost functions and the causes, as ranges of <paramref name="message"/>; returns how many.</summary>
    /// <param name="causes">Bit i: part i names an exception, not a function.</param>
    public static int Read(ReadOnlySpan<byte> message, int from, bool lastAreInnermost, Span<Range> parts, out int causes)
    {
        var rest = message[from..Math.Min(message.Length, from + MaxBytes)];
        var offset = from;
        var count = 0;
        var frames = 0;
        causes = 0;
        while (!rest.IsEmpty)
        {
            var line = NextLine(ref rest, out var consumed);
            if (TryFrame(line, rest, out var start, out var end))
            {
                frames++;
                if (lastAreInnermost && count == parts.Length)
                {
                    parts[1..].CopyTo(parts);
                    count--;
                }

                if (lastAreInnermost || frames <= parts.Length - 2)
                {
                    parts[count++] = (offset + start)..(offset + end);
                }
            }
            else if (count < parts.Length && line.StartsWith(CausedBy))
            {
                causes |= 1 << count;
                parts[count++] = (offset + CausedBy.Length)..(offset + EndOfType(line, CausedBy.Length));
                frames = parts.Length;
            }
            else if (lastAreInnermost && frames > 0 && !line.IsEmpty && line[0] > ' ')
            {
                // The line that ends a Python trace names the exception.
                if (count == parts.Length)
                {
                    parts[1..].CopyTo(parts);
                    count--;
                }

                causes |= 1 << count;
                parts[count++] = offset..(offset + EndOfType(line, 0));
                break;
            }

            if (!lastAreInnermost && count == parts.Length)
            {
                break;
            }

            offset += consumed;
        }

        return count;
    }

    /// <summary>Where the type name that starts at <paramref name="at"/> ends.</summary>
    public static int EndOfType(ReadOnlySpan<byte> line, int at)
    {
        var length = line[at..].IndexOfAny((byte)':', (byte)' ', (byte)'\r');
        return length < 0 ? line.Length : at + length;
    }

    private static bool TryFrame(ReadOnlySpan<byte> line, ReadOnlySpan<byte> next, out int start, out int end)
    {
        start = line.IndexOfAnyExcept((byte)' ', (byte)'\t');
        end = 0;
        if (start < 0)
        {
            return false;
        }

        var text = line[start..];
        if (text.StartsWith("at "u8) && start > 0)
        {
            // Java, .NET, JavaScript.
            start += 3;
            end = EndOfFunction(line, start);
        }
        else if (text.StartsWith("File \""u8) && text.IndexOf(", in "u8) is var inside && inside > 0)
        {
            start += inside + 5;
            end = line.TrimEnd((byte)'\r').Length;
        }
        else if (text.StartsWith("from "u8) && text.IndexOf(":in "u8) is var method && method > 0)
        {
            start += method + 4;
            end = line.TrimEnd((byte)'\r').Length;
        }
        else if (start == 0 && next.Length > 1 && next[0] == (byte)'\t' && text.LastIndexOf((byte)'(') is var arguments && arguments > 0
            && next[..Math.Min(next.Length, 512)].IndexOf(".go:"u8) is var file && file > 0 && !next[..file].Contains((byte)'\n'))
        {
            end = arguments;
        }

        return end > start;
    }

    private static int EndOfFunction(ReadOnlySpan<byte> line, int start)
    {
        var length = line[start..].IndexOfAny((byte)'(', (byte)'\r');
        if (length < 0)
        {
            length = line.Length - start;
        }

        while (length > 0 && line[start + length - 1] == (byte)' ')
        {
            length--;
        }

        return start + length;
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest, out int consumed)
    {
        var length = rest.IndexOf((byte)'\n');
        consumed = length < 0 ? rest.Length : length + 1;
        var line = length < 0 ? rest : rest[..length];
        rest = rest[consumed..];
        return line;
    }
}
