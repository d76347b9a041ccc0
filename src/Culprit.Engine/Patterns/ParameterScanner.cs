using System.Buffers;
using System.Buffers.Text;

namespace Culprit.Engine.Patterns;

/// <summary>Reads the typed values of one message: durations for latency, peers for topology, ids for flows.</summary>
/// <remarks>
/// Uses the scanner that patterns use, so a parameter is exactly what patterns hold for variable. Meant for the
/// messages that later stages sample, not for each line. Not thread-safe; reuses its memory.
/// </remarks>
internal sealed class ParameterScanner
{
    private static readonly SearchValues<byte> KeySeparators = SearchValues.Create("=: \"'[{"u8);

    private readonly LineScanner _scanner = new(joinRuns: false);
    private readonly List<Parameter> _found = [];

    /// <summary>The parameters in order; valid until the next call. Fields of a structured body come before those of its text.</summary>
    public IReadOnlyList<Parameter> Extract(ReadOnlySpan<byte> message)
    {
        _found.Clear();
        if (_scanner.ScanFields(message))
        {
            Collect(message);
        }

        _scanner.Scan(message);
        Collect(message);
        return _found;
    }

    private void Collect(ReadOnlySpan<byte> message)
    {
        var tokens = _scanner.Tokens;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!tokens[i].IsVariable || tokens[i].End == tokens[i].Start)
            {
                continue;
            }

            var (keyStart, keyLength) = KeyBefore(message, tokens, i);
            var (start, end) = (tokens[i].Start, tokens[i].End);
            var kind = ParameterTypes.Of(message[start..end], message.Slice(keyStart, keyLength), out var value);
            if (kind is ParameterKind.Ip or ParameterKind.Host && i + 1 < tokens.Length && IsPortOf(message, tokens[i], tokens[i + 1], out var port))
            {
                (kind, value, end) = (ParameterKind.Peer, port, tokens[++i].End);
            }
            else if (kind == ParameterKind.Number && i + 1 < tokens.Length && IsClock(message, tokens, i, out var last))
            {
                (kind, value, end, i) = (ParameterKind.Time, 0, tokens[last].End, last);
            }

            _found.Add(new Parameter(kind, start, end - start, keyStart, keyLength, value));
        }
    }

    // "key=value", "key: value", "\"key\":\"value\"".
    private static (int Start, int Length) KeyBefore(ReadOnlySpan<byte> message, ReadOnlySpan<Token> tokens, int index)
    {
        if (index == 0 || tokens[index - 1].IsVariable || tokens[index - 1].End != tokens[index].SeparatorStart)
        {
            return default;
        }

        var separator = message[tokens[index].SeparatorStart..tokens[index].Start];
        var mark = separator.IndexOfAny((byte)'=', (byte)':');
        if (mark < 0 || separator.ContainsAnyExcept(KeySeparators))
        {
            return default;
        }

        ref readonly var key = ref tokens[index - 1];
        return (key.Start, key.End - key.Start);
    }

    private static bool IsPortOf(ReadOnlySpan<byte> message, in Token host, in Token port, out int value)
    {
        value = 0;
        return port.SeparatorStart == host.End && port.Start == host.End + 1 && message[host.End] == (byte)':'
            && Utf8Parser.TryParse(message[port.Start..port.End], out value, out var used)
            && used >= port.End - port.Start - (port.End < message.Length ? 0 : 1) && value is > 0 and <= 65535;
    }

    // "08:16", "08:16:53.123".
    private static bool IsClock(ReadOnlySpan<byte> message, ReadOnlySpan<Token> tokens, int index, out int last)
    {
        last = index;
        while (last + 1 < tokens.Length && last - index < 2
            && tokens[last + 1].SeparatorStart == tokens[last].End && tokens[last + 1].Start == tokens[last].End + 1
            && message[tokens[last].End] == (byte)':'
            && tokens[last].End - tokens[last].Start == 2 && message[tokens[last + 1].Start] is >= (byte)'0' and <= (byte)'5')
        {
            last++;
        }

        return last > index && tokens[last].End - tokens[last].Start >= 2;
    }
}
