using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Makes any bytes valid text: invalid UTF-8 and NUL become U+FFFD, terminal colours are taken out.</summary>
internal static class LineCleaner
{
    /// <returns>The line itself when it is clean, which costs one pass.</returns>
    public static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> line, TextScratch scratch, out bool wasInvalid)
    {
        wasInvalid = !Utf8.IsValid(line);
        if (!wasInvalid && line.IndexOfAny((byte)0, (byte)0x1B) < 0)
        {
            return line;
        }

        // Blocks of zeros are what a crash leaves of a file that was grown in advance.
        line = line.Trim((byte)0);
        var mark = scratch.Mark;
        while (!line.IsEmpty)
        {
            if (line[0] == 0x1B)
            {
                line = line[EscapeLength(line)..];
                continue;
            }

            if (line[0] == 0)
            {
                scratch.Append("\uFFFD"u8);
                line = line[1..];
                continue;
            }

            var stop = line.IndexOfAny((byte)0, (byte)0x1B);
            var run = stop < 0 ? line : line[..stop];
            AppendValid(run, scratch);
            line = line[run.Length..];
        }

        return scratch.From(mark);
    }

    private static void AppendValid(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        if (Utf8.IsValid(text))
        {
            scratch.Append(text);
            return;
        }

        while (!text.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(text, out _, out var used);
            scratch.Append(status == OperationStatus.Done ? text[..used] : "\uFFFD"u8);
            text = text[used..];
        }
    }

    // ESC [ parameters letter
    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[1] != (byte)'[')
        {
            return 1;
        }

        for (var i = 2; i < Math.Min(text.Length, 32); i++)
        {
            if (text[i] is >= 0x40 and <= 0x7E)
            {
                return i + 1;
            }
        }

        return 1;
    }
}
