namespace Culprit.Engine.Patterns;

/// <content>Structure before words: JSON and logfmt bodies by field, multi-line messages by their first line and stack frames.</content>
internal sealed partial class LineScanner
{
    private const int MaxDepth = 3;

    /// <summary>
    /// The part of a message that is mined as a line: the text field of a JSON or logfmt body, else the first line.
    /// </summary>
    private static (int Start, int End) Subject(ReadOnlySpan<byte> message)
    {
        var end = Math.Min(message.Length, MaxBytes);
        if (end == 0)
        {
            return (0, 0);
        }

        if (message[0] == (byte)'{' && FindJsonText(message[..end]) is { End: > 0 } json)
        {
            return json;
        }

        var lineEnd = message[..end].IndexOf((byte)'\n');
        end = lineEnd < 0 ? end : lineEnd;
        return FindLogfmtText(message[..end]) is { End: > 0 } text ? text : (0, end);
    }

    // Walks the top level of an object without building anything; broken JSON simply ends the walk.
    private static (int Start, int End) FindJsonText(ReadOnlySpan<byte> body)
    {
        var depth = 0;
        var isKey = false;
        for (var i = 0; i < body.Length; i++)
        {
            switch (body[i])
            {
                case (byte)'{' or (byte)'[':
                    depth++;
                    isKey = body[i] == (byte)'{';
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                case (byte)',':
                    isKey = depth == 1;
                    break;
                case (byte)'"':
                    var close = CloseOfString(body, i + 1);
                    if (close < 0)
                    {
                        return default;
                    }

                    if (depth == 1 && isKey)
                    {
                        isKey = false;
                        if (IsTextKey(body[(i + 1)..close]) && StringAfterColon(body, close + 1) is { End: > 0 } value)
                        {
                            return value;
                        }
                    }

                    i = close;
                    break;
            }
        }

        return default;
    }

    private static (int Start, int End) StringAfterColon(ReadOnlySpan<byte> body, int at)
    {
        while (at < body.Length && body[at] is (byte)' ' or (byte)':')
        {
            at++;
        }

        if (at >= body.Length || body[at] != (byte)'"')
        {
            return default;
        }

        var close = CloseOfString(body, at + 1);
        close = close < 0 ? body.Length : close;
        var lineBreak = body[(at + 1)..close].IndexOf("\\n"u8);
        return (at + 1, lineBreak < 0 ? close : at + 1 + lineBreak);
    }

    private static int CloseOfString(ReadOnlySpan<byte> body, int at)
    {
        while (at < body.Length)
        {
            var step = body[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (step < 0)
            {
                return -1;
            }

            at += step;
            if (body[at] == (byte)'"')
            {
                return at;
            }

            at += 2;
        }

        return -1;
    }

    private static bool IsTextKey(ReadOnlySpan<byte> key) => key.Length switch
    {
        2 => key.SequenceEqual("@m"u8),
        3 => key.SequenceEqual("msg"u8) || key.SequenceEqual("log"u8) || key.SequenceEqual("@mt"u8),
        4 => key.SequenceEqual("text"u8) || key.SequenceEqual("body"u8),
        5 => key.SequenceEqual("event"u8),
        7 => key.SequenceEqual("message"u8) || key.SequenceEqual("Message"u8),
        _ => false,
    };

    // "level=info msg=\"…\" k=v": only when the line begins with a key, so that prose holding "msg=" is left alone.
    private static (int Start, int End) FindLogfmtText(ReadOnlySpan<byte> line)
    {
        var key = line.IndexOfAnyExcept(KeyBytes);
        if (key <= 0 || line[key] != (byte)'=')
        {
            return default;
        }

        (int Start, int End) text = default;
        var rank = TextFields.Length;
        for (var at = 0; at < line.Length;)
        {
            var field = line[at..];
            var value = FieldValue(field, out var length);
            for (var i = 0; i < rank; i++)
            {
                if (field.StartsWith(TextFields[i]))
                {
                    text = (at + value.Start, at + value.End);
                    rank = i;
                }
            }

            at += length + 1;
        }

        return text.End > text.Start ? text : default;
    }

    // "key=value" or "key=\"any text\"" at the beginning of a line's rest; a word without "=" has no value. What stands in
    // quotes is no field: note="msg=x".
    private static (int Start, int End) FieldValue(ReadOnlySpan<byte> rest, out int length)
    {
        var space = rest.IndexOf((byte)' ');
        length = space < 0 ? rest.Length : space;
        var equals = rest[..length].IndexOf((byte)'=');
        if (equals < 0)
        {
            return default;
        }

        if (equals + 1 < rest.Length && rest[equals + 1] == (byte)'"')
        {
            var close = CloseOfString(rest, equals + 2);
            length = close < 0 ? length : close + 1;
            return (equals + 2, close < 0 ? rest.Length : close);
        }

        return (equals + 1, length);
    }

    // An object without a text field: its keys are the constant words, its values the variables.
    private void ScanJson(ReadOnlySpan<byte> body)
    {
        var depth = 0;
        var separatorStart = 0;
        var isKey = false;
        for (var i = 0; i < body.Length && _count < MaxTokens - 1; i++)
        {
            var c = body[i];
            if (c is (byte)'{' or (byte)'[')
            {
                depth++;
                isKey = c == (byte)'{';
            }
            else if (c is (byte)'}' or (byte)']')
            {
                depth--;
                isKey = false;
            }
            else if (c == (byte)'"')
            {
                var close = CloseOfString(body, i + 1);
                close = close < 0 ? body.Length : close;
                var isField = isKey && close + 1 < body.Length && body[close + 1] == (byte)':';
                if (isField && depth <= MaxDepth && close > i + 1)
                {
                    Add(body, separatorStart, i + 1, close, TokenKind.Fixed, Hash64.Of(body[(i + 1)..close]), 0);
                    separatorStart = close;
                }
                else if (!isField && close > i + 1)
                {
                    Add(body, separatorStart, i + 1, close, TokenKind.Masked, Hash64.Variable, 0);
                    separatorStart = close;
                }

                isKey = false;
                i = close;
            }
            else if (c == (byte)',')
            {
                isKey = depth > 0;
            }
            else if (c is not ((byte)':' or <= (byte)' '))
            {
                var end = i;
                while (end < body.Length && body[end] is not ((byte)',' or (byte)'}' or (byte)']' or <= (byte)' '))
                {
                    end++;
                }

                Add(body, separatorStart, i, end, TokenKind.Masked, Hash64.Variable, 0);
                separatorStart = end;
                i = end - 1;
            }
        }

        TailStart = separatorStart;
        End = separatorStart;
    }

    private static readonly System.Buffers.SearchValues<byte> KeyBytes =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"u8);

    private static readonly byte[][] TextFields = ["msg="u8.ToArray(), "message="u8.ToArray(), "event="u8.ToArray()];
}
