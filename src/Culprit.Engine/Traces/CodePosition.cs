namespace Culprit.Engine.Traces;

/// <summary>Finds the place in the code that a line says it was logged at, such as <c>OrderService#41</c> or <c>pool.go:88</c>.</summary>
/// <remarks>
/// A pattern is about text and masks the number. Where loggers print it, the number tells two statements apart whose text
/// is alike, and so which of two steps a request did not reach.
/// </remarks>
internal static class CodePosition
{
    /// <summary>Places stand in the header of a line.</summary>
    private const int MaxLook = 120;

    private static readonly string[] Extensions = ["go", "java", "py", "js", "ts", "cs", "rb", "rs", "kt", "c", "cc", "cpp", "php", "scala"];

    /// <summary>The place's bytes; empty when the line names none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message)
    {
        var text = message.Length > MaxLook ? message[..MaxLook] : message;
        for (var i = 1; i + 1 < text.Length; i++)
        {
            if (text[i] is not ((byte)'#' or (byte)':') || !IsDigit(text[i + 1]))
            {
                continue;
            }

            var start = i;
            while (start > 0 && IsName(text[start - 1]))
            {
                start--;
            }

            var end = i + 1;
            while (end < text.Length && IsDigit(text[end]))
            {
                end++;
            }

            var name = text[start..i];
            var ends = end == text.Length || !IsName(text[end]);
            if (ends && end - i <= 6 && (text[i] == (byte)'#' ? IsType(name) : IsFile(name)))
            {
                return text[start..end];
            }
        }

        return [];
    }

    private static bool IsType(ReadOnlySpan<byte> name) => name.Length >= 3 && name.ContainsAnyInRange((byte)'A', (byte)'z');

    private static bool IsFile(ReadOnlySpan<byte> name)
    {
        var dot = name.LastIndexOf((byte)'.');
        if (dot <= 0)
        {
            return false;
        }

        foreach (var extension in Extensions)
        {
            if (System.Text.Ascii.Equals(name[(dot + 1)..], extension))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    private static bool IsName(byte b) => IsDigit(b) || (b | 0x20) is >= (byte)'a' and <= (byte)'z' || b is (byte)'.' or (byte)'_' or (byte)'$' or (byte)'-' or (byte)'/';
}
