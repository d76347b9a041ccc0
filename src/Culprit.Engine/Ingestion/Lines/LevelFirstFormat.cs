namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Text without a timestamp that begins with its level: .NET's console, Python's default, winston's simple format.</summary>
internal sealed class LevelFirstFormat : ILineFormat
{
    public string Name => "level-first";

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        // A Go panic is no level: its dump follows in lines of its own.
        if (line.Length < 4 || line.StartsWith("panic: "u8) || !(line[0] == (byte)'[' || ByteText.IsLetter(line[0])))
        {
            return false;
        }

        fields.Message = line;
        if (line[0] == (byte)'[')
        {
            HeadReader.ReadLevel(ref fields);
            return fields.HasSeverity && Finish(ref fields);
        }

        var end = line[..Math.Min(line.Length, 16)].IndexOfAny((byte)':', (byte)' ', (byte)'\t');
        if (end < 3)
        {
            return false;
        }

        var word = line[..end];
        if (line[end] != (byte)':')
        {
            if (!LevelWord.TryParseBare(word, out var bare) || !ByteText.IsUpper(word[^1]) || word.Length < 4)
            {
                return false;
            }

            fields.SetSeverity(bare);
            fields.Message = ByteText.TrimStart(line[end..]);
            return Finish(ref fields);
        }

        if (!LevelWord.TryParseMarked(word, out var severity))
        {
            return false;
        }

        fields.SetSeverity(severity);
        var rest = line[(end + 1)..];
        fields.Message = ByteText.TrimStart(rest);
        if (!rest.IsEmpty && rest[0] != (byte)' ')
        {
            // WARNING:root:message
            var colon = rest.IndexOf((byte)':');
            if (colon > 0 && ByteText.IsIdentifier(rest[..colon]))
            {
                fields.Attributes.AddText("logger"u8, rest[..colon]);
                fields.Message = rest[(colon + 1)..];
            }
        }
        else
        {
            ReadCategory(ref fields);
        }

        return Finish(ref fields);
    }

    // info: Namespace.Category[14] message; the message stands on the next line unless the console is told otherwise
    private static void ReadCategory(scoped ref LineFields fields)
    {
        var word = ByteText.FirstWord(fields.Message);
        if (!HeadWord.TryReadCategory(word, out var category, out var eventId))
        {
            return;
        }

        fields.Attributes.AddText("logger"u8, category);
        fields.Attributes.AddText("event_id"u8, eventId);
        fields.Message = ByteText.TrimStart(fields.Message[word.Length..]);
        fields.BodyFollows = fields.Message.IsEmpty;
    }

    private static bool Finish(scoped ref LineFields fields)
    {
        TrailingFields.Read(ref fields);
        return true;
    }
}
