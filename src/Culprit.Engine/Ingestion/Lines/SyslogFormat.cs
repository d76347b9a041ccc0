namespace Culprit.Engine.Ingestion.Lines;

/// <summary>RFC 5424, RFC 3164 with or without priority, and the ISO-dated form of rsyslog's files; JSON messages are read too.</summary>
internal sealed class SyslogFormat(TextScratch scratch) : ILineFormat
{
    private readonly JsonLineFormat _json = new(scratch);

    public string Name => "syslog";

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.Length < 16)
        {
            return false;
        }

        if (line[0] == (byte)'<' || (ByteText.IsDigit(line[0]) && TryStripCount(ref line)))
        {
            var close = line[..Math.Min(line.Length, 6)].IndexOf((byte)'>');
            if (close < 2 || !ClockReader.TryNumber(line, 1, close - 1, out var priority) || priority > 191)
            {
                return false;
            }

            line = line[(close + 1)..];
            if (!TryParseBody(line, ref fields))
            {
                return false;
            }

            if (!fields.HasSeverity)
            {
                fields.SetSeverity(LevelWord.FromSyslog(priority & 7));
            }

            return true;
        }

        return ByteText.IsLetter(line[0]) ? TryParseOld(line, ref fields) : TryParseDated(line, ref fields);
    }

    /// <summary>Drops the octet count of RFC 6587.</summary>
    private static bool TryStripCount(scoped ref ReadOnlySpan<byte> line)
    {
        var space = line[..8].IndexOf((byte)' ');
        if (space <= 0 || line[space + 1] != (byte)'<' || !ByteText.IsNumber(line[..space]))
        {
            return false;
        }

        line = line[(space + 1)..];
        return true;
    }

    private bool TryParseBody(ReadOnlySpan<byte> line, scoped ref LineFields fields) =>
        line.StartsWith("1 "u8) ? TryParseNew(line[2..], ref fields) : TryParseOld(line, ref fields);

    // TIMESTAMP HOST APP PROCID MSGID SD MSG, each of them "-" when absent
    private bool TryParseNew(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        var time = NextWord(ref line);
        var host = NextWord(ref line);
        var app = NextWord(ref line);
        var process = NextWord(ref line);
        var messageId = NextWord(ref line);
        var stamp = default(Stamp);
        if (line.IsEmpty || (!time.SequenceEqual("-"u8) && !StampReader.TryReadAll(time, out stamp)))
        {
            return false;
        }

        var elements = default(ReadOnlySpan<byte>);
        if (line[0] == (byte)'[')
        {
            if (!TrySkipElements(line, out var end))
            {
                return false;
            }

            elements = line[..end];
            line = line[end..];
        }
        else if (line[0] == (byte)'-')
        {
            line = line[1..];
        }
        else
        {
            return false;
        }

        line = ByteText.TrimStart(line);
        if (line.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        ReadMessage(line, stamp, ref fields);
        ReadElements(elements, ref fields);
        SetService(app, ref fields);
        AddPresent("host"u8, host, ref fields);
        AddPresent("pid"u8, process, ref fields);
        AddPresent("msgid"u8, messageId, ref fields);
        return true;
    }

    // Jan 15 10:23:45 host app[pid]: message
    private bool TryParseOld(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (!StampReader.TryRead(line, out var stamp, out var length) || length >= line.Length || line[length] is not ((byte)' ' or (byte)':'))
        {
            return false;
        }

        line = ByteText.TrimStart(line[(length + 1)..]);
        var afterHost = line;
        var host = NextWord(ref afterHost);
        if (host.IsEmpty || host[^1] == (byte)':' || !TryReadTag(afterHost, out var tag, out var pid, out var message))
        {
            // Some senders leave the host out.
            if (!TryReadTag(line, out tag, out pid, out message))
            {
                // No tag at all: what is left is text under a date.
                tag = default;
                message = line;
            }

            host = default;
        }

        ReadMessage(message, stamp, ref fields);
        SetService(tag, ref fields);
        AddPresent("host"u8, host, ref fields);
        AddPresent("pid"u8, pid, ref fields);
        return true;
    }

    // 2024-01-15T10:23:45.123456+00:00 host app[pid]: message; without a pid only the kernel, so that other text is not taken
    private bool TryParseDated(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.Length < 25 || line[10] != (byte)'T' || !StampReader.TryRead(line, out var stamp, out var length)
            || length >= line.Length || line[length] != (byte)' ')
        {
            return false;
        }

        line = line[(length + 1)..];
        var host = NextWord(ref line);
        if (!ByteText.IsIdentifier(host) || LevelWord.TryParseBare(host, out _)
            || !TryReadTag(line, out var tag, out var pid, out var message)
            || (pid.IsEmpty && !tag.SequenceEqual("kernel"u8)))
        {
            return false;
        }

        ReadMessage(message, stamp, ref fields);
        SetService(tag, ref fields);
        AddPresent("host"u8, host, ref fields);
        AddPresent("pid"u8, pid, ref fields);
        return true;
    }

    private void ReadMessage(ReadOnlySpan<byte> message, in Stamp stamp, scoped ref LineFields fields)
    {
        if (!_json.TryParse(message, ref fields))
        {
            fields.Message = message;
            HeadReader.ReadLevel(ref fields);
            TrailingFields.Read(ref fields);
        }

        if (fields.Stamp.Kind == StampKind.None)
        {
            fields.Stamp = stamp;
        }
    }

    private static void SetService(ReadOnlySpan<byte> app, scoped ref LineFields fields)
    {
        // systemd names units, some senders whole paths: the last part is what people call it.
        var slash = app.LastIndexOf((byte)'/');
        app = slash >= 0 ? app[(slash + 1)..] : app;
        if (fields.Service.IsEmpty && !app.SequenceEqual("-"u8) && ByteText.IsName(app))
        {
            fields.Service = app;
        }
    }

    private static void AddPresent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref LineFields fields)
    {
        if (!value.SequenceEqual("-"u8))
        {
            fields.Attributes.AddText(name, value);
        }
    }

    private static bool TryReadTag(
        ReadOnlySpan<byte> text, out ReadOnlySpan<byte> tag, out ReadOnlySpan<byte> pid, out ReadOnlySpan<byte> message)
    {
        tag = pid = message = default;
        var word = ByteText.FirstWord(text);
        if (word.Length < 2 || word.Length > 128 || word[^1] != (byte)':')
        {
            return false;
        }

        message = text.Length > word.Length ? text[(word.Length + 1)..] : default;
        word = word[..^1];
        if (word[^1] == (byte)']' && word.IndexOf((byte)'[') is > 0 and var open)
        {
            pid = word[(open + 1)..^1];
            word = word[..open];
        }

        tag = word;
        return word[0] != (byte)'[' && word[0] != (byte)'(';
    }

    private static bool TrySkipElements(ReadOnlySpan<byte> text, out int end)
    {
        end = 0;
        while (end < text.Length && text[end] == (byte)'[')
        {
            var isQuoted = false;
            for (end++; end < text.Length && (isQuoted || text[end] != (byte)']'); end++)
            {
                if (text[end] == (byte)'\\' && isQuoted)
                {
                    end++;
                }
                else if (text[end] == (byte)'"')
                {
                    isQuoted = !isQuoted;
                }
            }

            if (end >= text.Length)
            {
                return false;
            }

            end++;
        }

        return true;
    }

    // [id name="value" name="value"][id …]
    private void ReadElements(ReadOnlySpan<byte> text, scoped ref LineFields fields)
    {
        while (!text.IsEmpty)
        {
            var equals = text.IndexOf("=\""u8);
            if (equals < 0)
            {
                return;
            }

            var name = text[..equals];
            name = name[(name.LastIndexOfAny((byte)' ', (byte)'[') + 1)..];
            text = text[(equals + 2)..];
            var isEscaped = false;
            var end = 0;
            for (; end < text.Length && text[end] != (byte)'"'; end++)
            {
                if (text[end] == (byte)'\\')
                {
                    isEscaped = true;
                    end++;
                }
            }

            end = Math.Min(end, text.Length);
            Take(name, isEscaped ? Unescape(text[..end]) : text[..end], ref fields);
            text = text[Math.Min(end + 1, text.Length)..];
        }
    }

    private static void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref LineFields fields)
    {
        var isName = ByteText.IsName(value);
        switch (FieldNames.Find(name, out _))
        {
            case FieldRole.TraceId when isName && fields.TraceId.IsEmpty:
                fields.TraceId = value;
                break;
            case FieldRole.SpanId when isName && fields.SpanId.IsEmpty:
                fields.SpanId = value;
                break;
            case FieldRole.Environment when isName && fields.Environment.IsEmpty:
                fields.Environment = value;
                break;
            case FieldRole.Service when isName && fields.Service.IsEmpty:
                fields.Service = value;
                break;
            default:
                fields.Attributes.AddText(name, value);
                break;
        }
    }

    private ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> value)
    {
        var mark = scratch.Mark;
        while (value.IndexOf((byte)'\\') is >= 0 and var at && at + 1 < value.Length)
        {
            scratch.Append(value[..at]);
            scratch.Append(value.Slice(at + 1, 1));
            value = value[(at + 2)..];
        }

        scratch.Append(value);
        return scratch.From(mark);
    }

    private static ReadOnlySpan<byte> NextWord(scoped ref ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)' ');
        var word = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        return word;
    }
}
