namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Fills the holes of a message template (<c>{Name}</c>, <c>{@Name}</c>, <c>{Name:format}</c>) from the line's own fields.</summary>
internal static class MessageTemplate
{
    public static ReadOnlySpan<byte> Render(
        ReadOnlySpan<byte> template, ReadOnlySpan<byte> line, ReadOnlySpan<JsonMember> members, TextScratch scratch)
    {
        if (template.IndexOf((byte)'{') < 0)
        {
            return template;
        }

        // Values with escapes are unescaped in front of the text that is put together behind the mark, so the text is
        // built by appending only what is final.
        var mark = scratch.Mark;
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
            if (!AppendValue(hole, line, members, scratch))
            {
                scratch.Append(hole);
            }
        }
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
            if (!member.NameIn(line).SequenceEqual(name))
            {
                continue;
            }

            var value = member.ValueIn(line);
            if (!member.IsStringIn(line))
            {
                scratch.Append(value);
            }
            else if (member.IsEscaped)
            {
                scratch.Unescape(value[1..^1]);
            }
            else
            {
                scratch.Append(value[1..^1]);
            }

            return true;
        }

        return false;
    }
}
