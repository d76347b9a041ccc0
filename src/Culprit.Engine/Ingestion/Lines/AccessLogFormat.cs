namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Common and combined access logs of Apache, nginx and those who imitate them.</summary>
/// <remarks>The message is request and status; client, size, referrer and agent become attributes.</remarks>
internal sealed class AccessLogFormat(TextScratch scratch) : ILineFormat
{
    public string Name => "access";

    // [host:port ]client ident user [15/Jan/2024:10:23:45 +0000] "GET / HTTP/1.1" 200 123 "referrer" "agent" rest
    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.Length < 40 || !(ByteText.IsWord(line[0]) || line[0] is (byte)':' or (byte)'-'))
        {
            return false;
        }

        var open = line[..Math.Min(line.Length, 512)].IndexOf(" ["u8);
        if (open < 0 || line.Length < open + 24 || line[open + 4] != (byte)'/' || line[open + 8] != (byte)'/'
            || !StampReader.TryRead(line[(open + 2)..], out var stamp, out var length) || open + 2 + length >= line.Length
            || line[open + 2 + length] != (byte)']')
        {
            return false;
        }

        var rest = ByteText.TrimStart(line[(open + 3 + length)..]);
        if (!TryReadQuoted(ref rest, out var request))
        {
            return false;
        }

        var status = NextWord(ref rest);
        if (status.Length != 3 || status[0] == (byte)'0' || !ByteText.IsNumber(status))
        {
            return false;
        }

        fields.Stamp = stamp;
        fields.SetSeverity(LevelWord.FromHttpStatus(status));
        var mark = scratch.Mark;
        scratch.Append(request);
        scratch.Append(" "u8);
        scratch.Append(status);
        fields.Message = scratch.From(mark);
        fields.Attributes.AddRaw("status"u8, status);
        ReadClient(line[..open], ref fields);
        ReadRest(rest, ref fields);
        return true;
    }

    private static void ReadClient(ReadOnlySpan<byte> head, scoped ref LineFields fields)
    {
        var client = NextWord(ref head);
        var second = NextWord(ref head);

        // vhost_combined puts the virtual host first: then three words follow it instead of two.
        if (!NextWord(ref head).IsEmpty && !head.IsEmpty)
        {
            AddPresent("vhost"u8, client, ref fields);
            client = second;
        }

        AddPresent("client"u8, client, ref fields);
    }

    private static void ReadRest(ReadOnlySpan<byte> rest, scoped ref LineFields fields)
    {
        var size = NextWord(ref rest);
        if (ByteText.IsNumber(size) && size.Length <= 18 && (size[0] != (byte)'0' || size.Length == 1))
        {
            fields.Attributes.AddRaw("bytes"u8, size);
        }

        rest = ByteText.TrimStart(rest);
        if (TryReadQuoted(ref rest, out var referrer))
        {
            AddPresent("referrer"u8, referrer, ref fields);
            rest = ByteText.TrimStart(rest);
            if (TryReadQuoted(ref rest, out var agent))
            {
                AddPresent("user_agent"u8, agent, ref fields);
            }
        }

        rest = ByteText.Trim(rest);
        TrailingFields.FindIds(rest, ref fields);
        AddPresent("rest"u8, rest, ref fields);
    }

    private static void AddPresent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref LineFields fields)
    {
        if (!value.SequenceEqual("-"u8))
        {
            fields.Attributes.AddText(name, value);
        }
    }

    private static bool TryReadQuoted(scoped ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (text.IsEmpty || text[0] != (byte)'"')
        {
            return false;
        }

        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\')
            {
                i++;
            }
            else if (text[i] == (byte)'"')
            {
                value = text[1..i];
                text = ByteText.TrimStart(text[(i + 1)..]);
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> NextWord(scoped ref ReadOnlySpan<byte> text)
    {
        var word = ByteText.FirstWord(text);
        text = ByteText.TrimStart(text[word.Length..]);
        return word;
    }
}
