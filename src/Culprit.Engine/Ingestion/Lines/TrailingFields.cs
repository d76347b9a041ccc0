namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Finds ids inside messages, and the JSON object or the ids that loggers put behind a message.</summary>
internal static class TrailingFields
{
    private const int MaxIdLength = 64;

    /// <summary>Reads ids out of the message and takes from its end what is no part of the sentence.</summary>
    public static void Read(scoped ref LineFields fields)
    {
        var message = ByteText.TrimEnd(fields.Message);
        if (!message.IsEmpty && message[^1] == (byte)'}')
        {
            message = TakeObject(message, ref fields);
        }

        FindIds(message, ref fields);
        if (!fields.TraceId.IsEmpty)
        {
            message = StripTrailing(message, fields.TraceId);
            if (!fields.SpanId.IsEmpty)
            {
                message = StripTrailing(StripTrailing(message, fields.SpanId), fields.TraceId);
            }
        }

        fields.Message = message;
    }

    /// <summary>Looks for <c>trace_id=…</c>, <c>traceId: …</c>, <c>request_id=…</c> and their spellings.</summary>
    public static void FindIds(ReadOnlySpan<byte> text, scoped ref LineFields fields)
    {
        if (fields.TraceId.IsEmpty)
        {
            fields.TraceId = Find(text, "race"u8, (byte)'t');
        }

        if (fields.SpanId.IsEmpty && !fields.TraceId.IsEmpty)
        {
            fields.SpanId = Find(text, "pan"u8, (byte)'s');
        }

        fields.Attributes.AddText("request_id"u8, Find(text, "equest"u8, (byte)'r'));
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> text, ReadOnlySpan<byte> stem, byte initial)
    {
        while (text.IndexOf(stem) is >= 0 and var at)
        {
            var after = text[(at + stem.Length)..];
            if (at > 0 && (text[at - 1] | 0x20) == initial && (at == 1 || !ByteText.IsWord(text[at - 2])))
            {
                var value = ReadId(after);
                if (!value.IsEmpty)
                {
                    return value;
                }
            }

            text = after;
        }

        return default;
    }

    /// <summary>What stands behind <c>_id=</c>, <c>Id: </c>, <c>-id="</c>.</summary>
    private static ReadOnlySpan<byte> ReadId(ReadOnlySpan<byte> text)
    {
        var at = 0;
        if (at < text.Length && text[at] is (byte)'_' or (byte)'-' or (byte)'.' or (byte)' ')
        {
            at++;
        }

        if (at + 2 >= text.Length || (text[at] | 0x20) != 'i' || (text[at + 1] | 0x20) != 'd')
        {
            return default;
        }

        at += 2;
        if (text[at] is (byte)'"' or (byte)'\'')
        {
            at++;
        }

        if (at >= text.Length || text[at] is not ((byte)'=' or (byte)':'))
        {
            return default;
        }

        at++;
        while (at < text.Length && text[at] is (byte)' ' or (byte)'"' or (byte)'\'')
        {
            at++;
        }

        var end = at;
        while (end < text.Length && (ByteText.IsWord(text[end]) || text[end] == (byte)'-'))
        {
            end++;
        }

        return end - at is >= 4 and <= MaxIdLength ? text[at..end] : default;
    }

    /// <summary>Drops the last word when it is <c>name=id</c>: the record holds the id as a field.</summary>
    private static ReadOnlySpan<byte> StripTrailing(ReadOnlySpan<byte> message, ReadOnlySpan<byte> id)
    {
        if (!message.EndsWith(id) || message.Length == id.Length || message[^(id.Length + 1)] != (byte)'=')
        {
            return message;
        }

        var space = message.LastIndexOf((byte)' ');
        return space > 0 ? ByteText.TrimEnd(message[..space]) : message;
    }

    /// <summary>zap's console and winston append the fields of a record as one JSON object.</summary>
    private static ReadOnlySpan<byte> TakeObject(ReadOnlySpan<byte> message, scoped ref LineFields fields)
    {
        var open = message.IndexOf("{\""u8);
        if (open <= 0 || message[open - 1] is not ((byte)' ' or (byte)'\t') || JsonScan.SkipValue(message, open) != message.Length)
        {
            return message;
        }

        var at = open + 1;
        var isFirst = true;
        while (JsonScan.NextMember(message, ref at, isFirst, out var member))
        {
            isFirst = false;
            if (!Take(message, member, ref fields))
            {
                fields.Attributes.AddMember(member.WholeIn(message));
            }
        }

        return ByteText.TrimEnd(message[..open]);
    }

    private static bool Take(ReadOnlySpan<byte> text, in JsonMember member, scoped ref LineFields fields)
    {
        if (!member.IsStringIn(text) || member.IsEscaped)
        {
            return false;
        }

        var value = member.ValueIn(text)[1..^1];
        var isName = ByteText.IsName(value);
        switch (FieldNames.Find(member.NameIn(text), out _))
        {
            case FieldRole.TraceId when isName && fields.TraceId.IsEmpty:
                fields.TraceId = value;
                return true;
            case FieldRole.SpanId when isName && fields.SpanId.IsEmpty:
                fields.SpanId = value;
                return true;
            case FieldRole.Service when isName && fields.Service.IsEmpty:
                fields.Service = value;
                return true;
            case FieldRole.Environment when isName && fields.Environment.IsEmpty:
                fields.Environment = value;
                return true;
            case FieldRole.Timestamp when fields.Stamp.Kind == StampKind.None:
                return StampReader.TryReadAll(value, out fields.Stamp);
            default:
                return false;
        }
    }
}
