using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;

namespace Culprit.Engine.Ingestion.Loki;

/// <summary>Reads a stream's labels in their text form: <c>{app="pay", zone="eu\n"}</c>, values quoted as in Go.</summary>
internal static class LokiLabels
{
    /// <summary>False when the text is not of that form; what stands before the mistake has been added.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, EntryLabels labels, TextScratch scratch)
    {
        text = ByteText.Trim(text);
        if (text.Length < 2 || text[0] != (byte)'{' || text[^1] != (byte)'}')
        {
            return false;
        }

        text = ByteText.TrimStart(text[1..^1]);
        while (!text.IsEmpty)
        {
            var equals = text.IndexOf((byte)'=');
            var name = equals < 0 ? default : ByteText.Trim(text[..equals]);
            text = equals < 0 ? default : ByteText.TrimStart(text[(equals + 1)..]);
            if (name.IsEmpty || text.IsEmpty || text[0] != (byte)'"')
            {
                return false;
            }

            var mark = scratch.Mark;
            var used = ReadQuoted(text, scratch);
            if (used < 0)
            {
                return false;
            }

            labels.Add(name, scratch.From(mark));
            text = ByteText.TrimStart(text[used..]);
            if (!text.IsEmpty && text[0] != (byte)',')
            {
                return false;
            }

            text = text.IsEmpty ? text : ByteText.TrimStart(text[1..]);
        }

        return true;
    }

    /// <summary>Appends the string that begins at the first byte; how long it is, or -1 when it is not valid.</summary>
    private static int ReadQuoted(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        Span<byte> utf8 = stackalloc byte[4];
        var at = 1;
        while (true)
        {
            var run = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (run < 0)
            {
                return -1;
            }

            scratch.Append(text.Slice(at, run));
            at += run;
            if (text[at] == (byte)'"')
            {
                return at + 1;
            }

            if (at + 1 >= text.Length || ReadEscape(text[(at + 1)..], out var rune) is not (> 0 and var used))
            {
                return -1;
            }

            scratch.Append(utf8[..rune.EncodeToUtf8(utf8)]);
            at += 1 + used;
        }
    }

    private static int ReadEscape(ReadOnlySpan<byte> text, out Rune rune)
    {
        rune = Rune.ReplacementChar;
        switch (text[0])
        {
            case (byte)'n' or (byte)'t' or (byte)'r' or (byte)'a' or (byte)'b' or (byte)'f' or (byte)'v':
                rune = new Rune(text[0] switch
                {
                    (byte)'n' => '\n',
                    (byte)'t' => '\t',
                    (byte)'r' => '\r',
                    _ => ' ',
                });
                return 1;
            case (byte)'"' or (byte)'\\' or (byte)'\'':
                rune = new Rune((char)text[0]);
                return 1;
            case (byte)'u' when JsonScan.Hex4(text, 1) is >= 0 and var unit:
                rune = Rune.TryCreate((char)unit, out var read) && unit != 0 ? read : Rune.ReplacementChar;
                return 5;
            case (byte)'x' when text.Length >= 3 && ByteText.IsHex(text.Slice(1, 2)):
                // A byte that was no text when it was quoted.
                return 3;
            case (byte)'U' when text.Length >= 9 && ByteText.IsHex(text.Slice(1, 8)):
                var (high, low) = (JsonScan.Hex4(text, 1), JsonScan.Hex4(text, 5));
                rune = Rune.TryCreate((high << 16) | low, out read) ? read : Rune.ReplacementChar;
                return 9;
            default:
                return -1;
        }
    }
}
