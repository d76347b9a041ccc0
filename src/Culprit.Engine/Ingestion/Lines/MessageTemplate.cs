namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Fills the holes of a message template (<c>{Name}</c>, <c>{@Name}</c>, <c>{Name:format}</c>) from the line's own fields.</summary>
internal static class MessageTemplate
{
    /// <param name="renderings">What the holes with a format hold, in their order, as a JSON array; only the program can apply its formats. May be empty.</param>
    public static ReadOnlySpan<byte> Render(
        ReadOnlySpan<byte> template, ReadOnlySpan<byte> line, ReadOnlySpan<JsonMember> members, ReadOnlySpan<byte> renderings, TextScratch scratch)
    {
        if (template.IndexOf((byte)'{') < 0)
        {
            return template;
        }

        // Values with escapes are unescaped in front of the text that is put together behind the mark, so the text is
        // built by appending only what is final.
        var mark = scratch.Mark;
        var nextRendering = 1;
        while (true)
        {
            var open = template.IndexOf((byte)'{');
            var close = open < 0 ? -1 : template[open..].IndexOf((byte)'}');
            if (close < 0)
            {
                scratch.Append(template);
                return scratch.From(mark);
            }

            scratch.Append(template[..open]);
            var hole = template.Slice(open, close + 1);
            template = template[(open + close + 1)..];
            var rendering = HasFormat(hole) ? NextOf(renderings, ref nextRendering) : default;
            if (!rendering.IsEmpty)
            {
                AppendJson(rendering, isEscaped: true, scratch);
            }
            else if (!AppendValue(hole, line, members, scratch))
            {
                scratch.Append(hole);
            }
        }
    }

    /// <summary>A doubled brace begins no hole.</summary>
    private static bool HasFormat(ReadOnlySpan<byte> hole) => hole[1] != (byte)'{' && hole.IndexOf((byte)':') > 1;

    /// <summary>The element of a valid array that begins at or behind <paramref name="at"/>; empty behind the last.</summary>
    private static ReadOnlySpan<byte> NextOf(ReadOnlySpan<byte> array, ref int at)
    {
        var start = JsonScan.SkipSpace(array, at);
        if (start >= array.Length || array[start] == (byte)']')
        {
            return default;
        }

        var end = JsonScan.SkipValue(array, start);
        at = JsonScan.SkipSpace(array, end) + 1;
        return array[start..end];
    }

    private static bool AppendValue(
        ReadOnlySpan<byte> hole, ReadOnlySpan<byte> line, ReadOnlySpan<JsonMember> members, TextScratch scratch)
    {
        var name = hole[1..^1];
        name = !name.IsEmpty && name[0] is (byte)'@' or (byte)'$' ? name[1..] : name;
        var end = name.IndexOfAny((byte)':', (byte)',');
        name = end < 0 ? name : name[..end];
        foreach (ref readonly var member in members)
        {
            if (member.NameIn(line).SequenceEqual(name))
            {
                AppendJson(member.ValueIn(line), member.IsEscaped, scratch);
                return true;
            }
        }

        return false;
    }

    private static void AppendJson(ReadOnlySpan<byte> value, bool isEscaped, TextScratch scratch)
    {
        if (value[0] != (byte)'"')
        {
            scratch.Append(value);
        }
        else if (isEscaped)
        {
            scratch.Unescape(value[1..^1]);
        }
        else
        {
            scratch.Append(value[1..^1]);
        }
    }
}
