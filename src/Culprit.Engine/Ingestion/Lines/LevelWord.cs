using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Tells words that state a level from words that only look like one.</summary>
internal static class LevelWord
{
    /// <summary>A level in brackets, before a colon or in a column: any spelling of it.</summary>
    public static bool TryParseMarked(ReadOnlySpan<byte> word, out Severity severity)
    {
        severity = Severity.Info;
        return (word.Length > 1 || (word.Length == 1 && ByteText.IsUpper(word[0]))) && Severities.TryParse(word, out severity);
    }

    /// <summary>A level that stands alone in the line: capitals, or one of the words that nothing else begins with.</summary>
    public static bool TryParseBare(ReadOnlySpan<byte> word, out Severity severity)
    {
        severity = Severity.Info;
        if (word.Length < 3 || !Severities.TryParse(word, out severity))
        {
            return false;
        }

        return word.IndexOfAnyInRange((byte)'a', (byte)'z') < 0
            || word.SequenceEqual("info"u8) || word.SequenceEqual("warn"u8) || word.SequenceEqual("warning"u8)
            || word.SequenceEqual("error"u8) || word.SequenceEqual("debug"u8) || word.SequenceEqual("trace"u8)
            || word.SequenceEqual("fatal"u8) || word.SequenceEqual("Info"u8) || word.SequenceEqual("Error"u8)
            || word.SequenceEqual("Warning"u8) || word.SequenceEqual("Debug"u8);
    }

    /// <summary>0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug.</summary>
    public static Severity FromSyslog(int number) => number switch
    {
        <= 2 => Severity.Fatal,
        3 => Severity.Error,
        4 => Severity.Warn,
        <= 6 => Severity.Info,
        _ => Severity.Debug,
    };

    /// <summary>A server's failure is an error, a client's a warning.</summary>
    public static Severity FromHttpStatus(ReadOnlySpan<byte> status) => status.Length != 3 ? Severity.Info : status[0] switch
    {
        (byte)'5' => Severity.Error,
        (byte)'4' => Severity.Warn,
        _ => Severity.Info,
    };

    /// <summary>The severity of text that states none, by how the common runtimes announce a crash.</summary>
    public static Severity Infer(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("panic: "u8) || body.StartsWith("fatal error: "u8))
        {
            return Severity.Fatal;
        }

        if (body.StartsWith("PHP Warning:"u8))
        {
            return Severity.Warn;
        }

        return body.StartsWith("PHP Fatal error:"u8) || body.StartsWith("PHP Parse error:"u8) || body.StartsWith("Traceback (most recent call last)"u8) || body.StartsWith("Exception in thread "u8)
            || body.StartsWith("Unhandled exception"u8) || body.StartsWith("Uncaught "u8) || body.StartsWith("goroutine "u8)
            ? Severity.Error
            : Severity.Info;
    }

    /// <summary>Winston's colorize leaves terminal colours inside the level field.</summary>
    public static ReadOnlySpan<byte> StripColour(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || text[0] != 0x1B)
        {
            return text;
        }

        var start = text.IndexOf((byte)'m');
        text = text[(start + 1)..];
        var end = text.IndexOf((byte)0x1B);
        return end < 0 ? text : text[..end];
    }
}
