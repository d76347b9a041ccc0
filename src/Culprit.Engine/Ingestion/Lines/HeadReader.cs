using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Reads what stands between the timestamp of a text record and its message: level, thread, logger, service, pid.</summary>
/// <remarks>
/// Layouts of text logs are free, so this reads by the shape of each part, not by a fixed order: brackets, words before
/// <c>:</c>, <c>-</c> or <c>|</c>, numbers before a level. The first part of no known shape begins the message.
/// </remarks>
internal struct HeadReader
{
    private const int MaxParts = 10;
    private const int MaxBracketBytes = 160;

    private bool _hasThread;
    private bool _hasLogger;
    private bool _hasPid;
    private bool _keepsLevelWord;
    private bool _hasServiceColumn;

    /// <param name="keepsLevelWord">A level word in small letters stays part of the message (Go's plain logger writes no levels).</param>
    /// <param name="hasServiceColumn">The word behind the level is the service, as seen over many lines.</param>
    public static void Read(ReadOnlySpan<byte> rest, scoped ref LineFields fields, bool keepsLevelWord, bool hasServiceColumn)
    {
        var reader = new HeadReader { _keepsLevelWord = keepsLevelWord, _hasServiceColumn = hasServiceColumn };
        for (var i = 0; i < MaxParts; i++)
        {
            rest = HeadWord.SkipSeparators(rest);
            if (rest.IsEmpty || !reader.TakePart(ref rest, ref fields))
            {
                break;
            }
        }

        fields.Message = rest;
        fields.IsText = true;
    }

    /// <summary>Takes a level that the message begins with: <c>[ERROR] …</c>, <c>ERROR: …</c>, <c>ERROR …</c>.</summary>
    public static void ReadLevel(scoped ref LineFields fields)
    {
        var message = fields.Message;
        if (message.IsEmpty || fields.HasSeverity)
        {
            return;
        }

        if (message[0] == (byte)'[' && message[..Math.Min(message.Length, 12)].IndexOf((byte)']') is > 1 and var close
            && LevelWord.TryParseMarked(ByteText.Trim(message[1..close]), out var severity))
        {
            fields.SetSeverity(severity);
            fields.Message = ByteText.TrimStart(message[(close + 1)..]);
            return;
        }

        var word = ByteText.FirstWord(message);
        var isMarked = word.Length > 3 && word[^1] == (byte)':';
        if (isMarked ? LevelWord.TryParseMarked(word[..^1], out severity) : LevelWord.TryParseBare(word, out severity) && ByteText.IsUpper(word[^1]))
        {
            fields.SetSeverity(severity);
            fields.Message = ByteText.TrimStart(message[word.Length..]);
        }
    }

    private bool TakePart(scoped ref ReadOnlySpan<byte> rest, scoped ref LineFields fields) => rest[0] switch
    {
        (byte)'[' => TakeBracket(ref rest, ref fields),
        (byte)'(' or (byte)'{' => TakeParenthesis(ref rest, ref fields),
        _ => TakeWord(ref rest, ref fields),
    };

    // INFO (payments/123 on host): of pino-pretty, {file.py:12} of Airflow
    private bool TakeParenthesis(scoped ref ReadOnlySpan<byte> rest, scoped ref LineFields fields)
    {
        var isCaller = rest[0] == (byte)'{';
        var end = rest[..Math.Min(rest.Length, MaxBracketBytes)].IndexOf(isCaller ? "} "u8 : "): "u8);
        if (end < 2)
        {
            return false;
        }

        var content = rest[1..end];
        if (isCaller)
        {
            if (!HeadWord.IsCaller(content, isMarked: true))
            {
                return false;
            }

            fields.Attributes.AddText("caller"u8, content);
            rest = rest[(end + 1)..];
            return true;
        }

        if (_hasPid || !fields.HasSeverity)
        {
            return false;
        }

        TakeNameAndProcess(ByteText.FirstWord(content), ref fields);
        rest = rest[(end + 2)..];
        return true;
    }

    private void TakeNameAndProcess(ReadOnlySpan<byte> text, scoped ref LineFields fields)
    {
        var slash = text.LastIndexOf((byte)'/');
        var pid = text[(slash + 1)..];
        if (ByteText.IsNumber(pid))
        {
            fields.Attributes.AddText("pid"u8, pid);
            _hasPid = true;
            text = slash > 0 ? text[..slash] : default;
        }

        if (ByteText.IsIdentifier(text))
        {
            fields.Service = text;
        }
    }

    private bool TakeBracket(scoped ref ReadOnlySpan<byte> rest, scoped ref LineFields fields)
    {
        var close = rest[..Math.Min(rest.Length, MaxBracketBytes)].IndexOf((byte)']');
        if (close < 0)
        {
            return false;
        }

        if (rest[1..close].IndexOf((byte)'[') >= 0 && rest[..Math.Min(rest.Length, MaxBracketBytes)].IndexOf("] - "u8) is > 0 and var outer)
        {
            // ZooKeeper's threads have brackets in their names.
            close = outer;
        }

        var content = ByteText.Trim(rest[1..close]);
        var after = rest[(close + 1)..];
        after = !after.IsEmpty && after[0] == (byte)':' ? after[1..] : after;
        if (!TakeContent(content, after, ref fields))
        {
            return false;
        }

        rest = after;
        return true;
    }

    private bool TakeContent(ReadOnlySpan<byte> content, ReadOnlySpan<byte> after, scoped ref LineFields fields)
    {
        if (content.IsEmpty)
        {
            return true;
        }

        if (!fields.HasSeverity)
        {
            var colon = content.LastIndexOf((byte)':');
            if (LevelWord.TryParseMarked(content[(colon + 1)..], out var severity))
            {
                fields.SetSeverity(severity);
                fields.Attributes.AddText("logger"u8, colon > 0 ? content[..colon] : default);
                return true;
            }
        }

        if (HeadWord.IsProcess(content))
        {
            if (_hasPid)
            {
                return false;
            }

            _hasPid = true;
            fields.Attributes.AddText("pid"u8, content.StartsWith("pid "u8) ? content[4..] : content);
            return true;
        }

        if (content.StartsWith("client "u8) || content.StartsWith("remote "u8))
        {
            fields.Attributes.AddText("client"u8, content[7..]);
            return true;
        }

        if (TakeIds(content, ref fields))
        {
            return true;
        }

        if (ByteText.IsIdentifier(content) && fields.Service.IsEmpty && HeadWord.LooksLikeService(content)
            && !HeadWord.LooksLikeThread(content) && !HeadWord.IsLoggerNext(after))
        {
            fields.Service = content;
            return true;
        }

        if (!_hasLogger && fields.HasSeverity && content.IndexOf((byte)'.') > 0 && content.IndexOfAnyInRange((byte)'A', (byte)'Z') >= 0
            && ByteText.IsIdentifier(content))
        {
            // Elasticsearch puts the class between brackets, padded.
            _hasLogger = true;
            fields.Attributes.AddText("logger"u8, content);
            return true;
        }

        if (_hasThread || !HeadWord.IsThreadName(content) || (fields.HasSeverity && !HeadWord.LooksLikeThread(content) && !HeadWord.IsLoggerNext(after)))
        {
            return false;
        }

        _hasThread = true;
        fields.Attributes.AddText("thread"u8, content);
        return true;
    }

    /// <summary>Spring's <c>[service,trace,span]</c> and <c>[trace-span]</c>, and OpenStack's <c>[req-…]</c>.</summary>
    private static bool TakeIds(ReadOnlySpan<byte> content, scoped ref LineFields fields)
    {
        var comma = content.IndexOf((byte)',');
        if (comma > 0)
        {
            var ids = content[(comma + 1)..];
            var second = ids.IndexOf((byte)',');
            var trace = second < 0 ? ids : ids[..second];
            var span = second < 0 ? default : ByteText.FirstWord(ids[(second + 1)..]);
            var third = span.IndexOf((byte)',');
            span = third < 0 ? span : span[..third];
            if (!ByteText.IsIdentifier(content[..comma]) || !(trace.IsEmpty || (trace.Length >= 16 && ByteText.IsHex(trace))))
            {
                return false;
            }

            fields.Service = content[..comma];
            fields.TraceId = trace;
            fields.SpanId = ByteText.IsHex(span) ? span : default;
            return true;
        }

        if (content.Length >= 32 && ByteText.IsHex(content[..32]) && (content.Length == 32 || content[32] == (byte)'-'))
        {
            fields.TraceId = content[..32];
            fields.SpanId = content.Length == 49 && ByteText.IsHex(content[33..]) ? content[33..] : default;
            return true;
        }

        if (content.StartsWith("req-"u8) && content.Length >= 12)
        {
            fields.Attributes.AddText("request_id"u8, ByteText.FirstWord(content));
            return true;
        }

        return false;
    }

    private bool TakeWord(scoped ref ReadOnlySpan<byte> rest, scoped ref LineFields fields)
    {
        var end = rest.IndexOfAny((byte)' ', (byte)'\t', (byte)'|');
        var word = end < 0 ? rest : rest[..end];
        var after = rest[word.Length..];
        var isMarked = word.Length > 1 && word[^1] == (byte)':';
        var name = isMarked ? word[..^1] : word;
        if (!fields.HasSeverity && TakeLevel(name, isMarked, after, ref fields, out var keepsWord))
        {
            rest = keepsWord ? rest : after;
            return !keepsWord;
        }

        // payments/123 on host: of bunyan's pretty printer
        if (fields.HasSeverity && after.StartsWith(" on "u8) && name.IndexOf((byte)'/') > 0 && after.IndexOf(": "u8) is > 0 and var colon)
        {
            TakeNameAndProcess(name, ref fields);
            rest = after[(colon + 2)..];
            return true;
        }

        if (TakeProcess(name, after, ref fields) || TakeName(name, isMarked, after, ref fields))
        {
            rest = after;
            return true;
        }

        return false;
    }

    private readonly bool TakeLevel(ReadOnlySpan<byte> word, bool isMarked, ReadOnlySpan<byte> after, scoped ref LineFields fields, out bool keepsWord)
    {
        keepsWord = false;
        if (isMarked && word.LastIndexOf((byte)'.') is > 0 and var dot && ByteText.IsUpper(word[^1])
            && LevelWord.TryParseBare(word[(dot + 1)..], out var dotted))
        {
            // Laravel: production.ERROR:
            fields.SetSeverity(dotted);
            fields.Environment = word[..dot];
            return true;
        }

        var isColumn = isMarked || (!after.IsEmpty && after[0] is (byte)'|' or (byte)'\t') || after.StartsWith(" |"u8);
        var isKnown = isColumn
            ? LevelWord.TryParseMarked(word, out var severity)
            : LevelWord.TryParseBare(word, out severity)
                || (_hasPid && word.Length == 1 && LevelWord.TryParseMarked(word, out severity));
        if (!isKnown)
        {
            return false;
        }

        fields.SetSeverity(severity);
        keepsWord = _keepsLevelWord && word.IndexOfAnyInRange((byte)'a', (byte)'z') >= 0;
        return true;
    }

    private bool TakeProcess(ReadOnlySpan<byte> word, ReadOnlySpan<byte> after, scoped ref LineFields fields)
    {
        // 123#456: of nginx, and its connection number.
        if (word.Length > 1 && word[0] == (byte)'*' && _hasPid && ByteText.IsNumber(word[1..]))
        {
            fields.Attributes.AddText("connection"u8, word[1..]);
            return true;
        }

        if (_hasPid && !(ByteText.IsNumber(word) && HeadWord.IsLevelNext(after)))
        {
            return false;
        }

        var hash = word.IndexOf((byte)'#');
        var isProcess = hash > 0
            ? ByteText.IsNumber(word[..hash]) && ByteText.IsNumber(word[(hash + 1)..])
            : ByteText.IsNumber(word) && word.Length <= 10 && (after.StartsWith(" ---"u8) || HeadWord.IsLevelNext(after) || HeadWord.IsProcessNext(after));
        if (!isProcess)
        {
            return false;
        }

        fields.Attributes.AddText(_hasPid ? "tid"u8 : "pid"u8, word);
        _hasPid = true;
        return true;
    }

    private bool TakeName(ReadOnlySpan<byte> word, bool isMarked, ReadOnlySpan<byte> after, scoped ref LineFields fields)
    {
        if (_hasServiceColumn && fields.HasSeverity && fields.Service.IsEmpty && HeadWord.IsServiceWord(word))
        {
            fields.Service = word;
            return true;
        }

        if (fields.HasSeverity && !_hasLogger && TakeCategory(word, after, ref fields))
        {
            return true;
        }

        if (_hasLogger && !HeadWord.IsCaller(word, isMarked || after.StartsWith("\t"u8)))
        {
            return false;
        }

        if (!fields.HasSeverity)
        {
            // name - LEVEL - message (Python), user@database LEVEL: message (PostgreSQL)
            var isBeforeLevel = ByteText.IsIdentifier(word) && HeadWord.IsLevelNext(HeadWord.SkipSeparators(after))
                && (after.StartsWith(" - "u8) || after.StartsWith(" | "u8) || after.StartsWith("|"u8) || word.IndexOf((byte)'@') > 0);
            if (!isBeforeLevel && !HeadWord.IsCaller(word, isMarked))
            {
                return false;
            }
        }
        else if (!HeadWord.IsLoggerName(word) || HeadWord.IsExceptionName(word) || !(HeadWord.IsSetOff(word, isMarked, after) || (_hasThread && HeadWord.IsQualified(word))))
        {
            return false;
        }

        var isCaller = HeadWord.IsCaller(word, isMarked: true);
        _hasLogger |= !isCaller;
        fields.Attributes.AddText(isCaller ? "caller"u8 : "logger"u8, word);
        return true;
    }

    private bool TakeCategory(ReadOnlySpan<byte> word, ReadOnlySpan<byte> after, scoped ref LineFields fields)
    {
        if (!HeadWord.TryReadCategory(word, out var category, out var eventId))
        {
            return false;
        }

        fields.Attributes.AddText("logger"u8, category);
        fields.Attributes.AddText("event_id"u8, eventId);
        fields.BodyFollows = ByteText.TrimStart(after).IsEmpty;
        _hasLogger = true;
        return true;
    }
}
