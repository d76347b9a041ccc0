namespace Culprit.Engine.Patterns;

/// <content>Stack traces: the exception's type and the innermost frames decide, its message does not.</content>
internal sealed partial class LineScanner
{
    private const int MaxFrames = 5;
    internal const ulong FrameSeparator = 0xD6E8FEB86659FD93;
    internal const ulong CauseSeparator = 0xC2B2AE3D27D4EB4F;

    private static bool IsTraceback(ReadOnlySpan<byte> line) => line.StartsWith("Traceback (most recent call last)"u8);

    // Where the first line is cut when frames follow: behind the first word that names an exception.
    private static int EndOfException(ReadOnlySpan<byte> line)
    {
        for (var at = 0; at < line.Length;)
        {
            var length = line[at..].IndexOfAny((byte)':', (byte)' ', (byte)'\r');
            var end = length < 0 ? line.Length : at + length;
            if (IsExceptionName(line[at..end]))
            {
                return end;
            }

            at = end + 1;
        }

        return line.Length;
    }

    private static bool IsExceptionName(ReadOnlySpan<byte> word) =>
        word.Length > 5 && (word.EndsWith("Exception"u8) || word.EndsWith("Error"u8) || word.EndsWith("Panic"u8))
        && (word.Length > 9 || word.Contains((byte)'.'));

    private void AddFrames(ReadOnlySpan<byte> message, int from, bool isTraceback)
    {
        Span<Range> parts = stackalloc Range[MaxFrames];
        var count = StackFrames.Read(message, from, isTraceback, parts, out var causes);
        Span<byte> name = stackalloc byte[256];
        for (var i = 0; i < count; i++)
        {
            var part = parts[i];
            if (_count == MaxTokens)
            {
                return;
            }

            // Numbers in function names come from the compiler: "lambda$run$3".
            var text = message[part];
            var length = 0;
            foreach (var c in text[..Math.Min(text.Length, name.Length)])
            {
                if (!IsDigit(c))
                {
                    name[length++] = c;
                }
            }

            var hash = Hash64.Of(name[..length]);
            var separator = ((causes >> i) & 1) != 0 ? CauseSeparator : FrameSeparator;
            _tokens[_count++] = new Token
            {
                SeparatorStart = part.Start.Value,
                Start = part.Start.Value,
                End = part.End.Value,
                Kind = TokenKind.Fixed,
                SeparatorHash = separator,
                Hash = hash,
            };
            _key = Hash64.Add(_key, separator, hash);
            TailStart = End = part.End.Value;
        }

        TailHash = EmptySeparator;
    }
}
