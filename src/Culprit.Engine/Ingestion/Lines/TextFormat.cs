using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Text that begins with a timestamp, perhaps in brackets or behind a level: most consoles and files of any language.</summary>
internal sealed class TextFormat : ILineFormat
{
    private const int MaxPrefixBytes = 48;

    public string Name => "text";

    /// <summary>The word behind the level names the service in this stream (see <see cref="ServiceColumn"/>).</summary>
    public bool HasServiceColumn { get; set; }

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.Length < 6)
        {
            return false;
        }

        if (TryReadHead(line, ref fields, out var rest, out var isPlainGo) || TryReadPrefixed(line, ref fields, out rest))
        {
            HeadReader.Read(rest, ref fields, isPlainGo, HasServiceColumn);
            if (fields.BodyFollows)
            {
                return true;
            }

            if (IsTwoLined(line, fields))
            {
                fields.BodyFollows = true;
                fields.Attributes.AddText("logger"u8, fields.Message);
                fields.Message = default;
                return true;
            }

            TrailingFields.Read(ref fields);
            return true;
        }

        return false;
    }

    private static bool TryReadHead(ReadOnlySpan<byte> line, scoped ref LineFields fields, out ReadOnlySpan<byte> rest, out bool isPlainGo)
    {
        rest = default;
        isPlainGo = false;
        var isBracketed = line[0] == (byte)'[';
        var text = isBracketed ? line[1..] : line;
        if (!StampReader.TryRead(text, out fields.Stamp, out var length)
            || (fields.Stamp.Kind == StampKind.NoYear && ByteText.IsLetter(text[0])))
        {
            return false;
        }

        isPlainGo = !isBracketed && text[4] == (byte)'/';
        var after = text[length..];
        rest = after;
        if (!isBracketed)
        {
            // A number or an address is no timestamp only because it begins like one.
            return after.IsEmpty || after[0] is (byte)' ' or (byte)'\t' or (byte)'|' or (byte)':' or (byte)',';
        }

        var close = after[..Math.Min(after.Length, 64)].IndexOf((byte)']');
        if (close < 0)
        {
            return false;
        }

        ReadInside(after[..close], ref fields);
        rest = after[(close + 1)..];
        return true;
    }

    // [10:23:45 INF] of Serilog, [2024-01-15 10:23:45,123: INFO/MainProcess] of Celery
    private static void ReadInside(ReadOnlySpan<byte> inside, scoped ref LineFields fields)
    {
        inside = ByteText.Trim(!inside.IsEmpty && inside[0] == (byte)':' ? inside[1..] : inside);
        var slash = inside.IndexOf((byte)'/');
        var word = slash > 0 ? inside[..slash] : ByteText.FirstWord(inside);
        if (LevelWord.TryParseMarked(word, out var severity))
        {
            fields.SetSeverity(severity);
            fields.Attributes.AddText(slash > 0 ? "thread"u8 : "logger"u8, ByteText.Trim(inside[Math.Min(inside.Length, word.Length + 1)..]));
        }
    }

    // INFO  [2024-01-15 10:23:45,123] of Dropwizard, [GIN] 2024/01/15 - 10:23:45, [payments] 2024-01-15 10:23:45
    private static bool TryReadPrefixed(ReadOnlySpan<byte> line, scoped ref LineFields fields, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        ReadOnlySpan<byte> name;
        ReadOnlySpan<byte> after;
        if (line[0] == (byte)'[')
        {
            var close = line[..Math.Min(line.Length, MaxPrefixBytes)].IndexOf((byte)']');
            if (close < 2)
            {
                return false;
            }

            name = ByteText.Trim(line[1..close]);
            after = line[(close + 1)..];
        }
        else
        {
            // Ruby repeats the level's initial in front of its brackets: "E, [2024-…".
            line = line.Length > 24 && line[1] == (byte)',' && line[3] == (byte)'[' ? line[3..] : line;
            if (line[0] == (byte)'[')
            {
                return TryReadHead(line, ref fields, out rest, out _);
            }

            name = ByteText.FirstWord(line);
            if (name.Length < 4)
            {
                return false;
            }

            after = line[name.Length..];
            name = name[^1] == (byte)':' ? name[..^1] : name;
            if (name[^2] == (byte)':' && ByteText.IsNumber(name[..^2]))
            {
                return TryReadRedis(name, ByteText.TrimStart(after), ref fields, out rest);
            }

            if (!LevelWord.TryParseBare(name, out _))
            {
                return false;
            }
        }

        after = ByteText.TrimStart(after);
        if (after.Length < 8 || !TryReadHead(after, ref fields, out rest, out _))
        {
            return false;
        }

        if (LevelWord.TryParseMarked(name, out var severity))
        {
            fields.SetSeverity(severity);
        }
        else if (HeadWord.IsServiceWord(name))
        {
            fields.Service = name;
        }
        else
        {
            fields.Attributes.AddText("logger"u8, name);
        }

        return true;
    }

    // 1234:M 15 Jan 2024 10:23:45.123 * message
    private static bool TryReadRedis(ReadOnlySpan<byte> name, ReadOnlySpan<byte> after, scoped ref LineFields fields, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        if (after.Length < 8 || !TryReadHead(after, ref fields, out rest, out _))
        {
            return false;
        }

        fields.Attributes.AddText("pid"u8, name[..^2]);
        var text = ByteText.TrimStart(rest);
        if (text.Length > 1 && text[1] == (byte)' ' && text[0] is (byte)'*' or (byte)'#' or (byte)'-' or (byte)'.')
        {
            fields.SetSeverity(text[0] switch
            {
                (byte)'#' => Severity.Warn,
                (byte)'*' => Severity.Info,
                _ => Severity.Debug,
            });
            rest = text[2..];
        }

        return true;
    }

    /// <summary>java.util.logging writes <c>Jan 15, 2024 10:23:45 AM class method</c>, then <c>LEVEL: message</c>.</summary>
    private static bool IsTwoLined(ReadOnlySpan<byte> line, in LineFields fields) =>
        !fields.HasSeverity && ByteText.IsLetter(line[0]) && line[..8].IndexOf((byte)',') is 5 or 6;
}
