namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Recognises lines that belong to the record before them by their shape: the frames and causes of stack traces.</summary>
internal static class Continuation
{
    /// <summary>True for a shape that no record begins with.</summary>
    public static bool HasShape(ReadOnlySpan<byte> line) => line[0] switch
    {
        (byte)' ' or (byte)'\t' => true,
        (byte)'a' => line.StartsWith("at "u8) && IsFrame(line[3..]),
        (byte)'C' => line.StartsWith("Caused by: "u8),
        (byte)'S' => line.StartsWith("Suppressed: "u8),
        (byte)'.' => line.StartsWith("... "u8) && line.Length > 4 && ByteText.IsDigit(line[4]),
        (byte)'-' => line.StartsWith("--- End of "u8) || line.StartsWith("---> "u8),
        (byte)'}' or (byte)']' or (byte)')' => line.Length <= 3,
        (byte)'T' => line.StartsWith("The above exception was the direct cause"u8),
        (byte)'D' => line.StartsWith("During handling of the above exception"u8),
        (byte)'c' => line.StartsWith("created by "u8),
        _ => false,
    };

    /// <summary>How a record without a head goes on, by the way it begins.</summary>
    public static TraceKind KindOf(ReadOnlySpan<byte> first)
    {
        if (first.StartsWith("Traceback (most recent call last)"u8))
        {
            return TraceKind.Python;
        }

        return first.StartsWith("panic: "u8) || first.StartsWith("fatal error: "u8) || first.StartsWith("goroutine "u8)
            ? TraceKind.Go
            : TraceKind.None;
    }

    private static bool IsFrame(ReadOnlySpan<byte> text)
    {
        var word = ByteText.FirstWord(text);
        return word.IndexOf((byte)'(') > 0 || word.IndexOf((byte)'.') > 0;
    }
}

/// <summary>Stack traces whose lines have no shape of their own.</summary>
internal enum TraceKind : byte
{
    None = 0,

    /// <summary>Indented frames, then one line that names the exception.</summary>
    Python,

    /// <summary>Everything up to the next recognised line.</summary>
    Go,
}
