using System.IO.Hashing;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Decides from the first lines of a stream whether the word behind the level is the service: <c>… ERROR payments Connection refused</c>.</summary>
/// <remarks>
/// One line cannot tell: messages begin with small words too. A column of services shows few different words, and either
/// names with separators in them or sentences that begin with a capital behind them.
/// </remarks>
internal sealed class ServiceColumn
{
    private const int MaxNames = 64;

    private readonly HashSet<ulong> _names = [];
    private int _lines;
    private int _fitting;
    private int _separated;
    private int _capitals;

    /// <param name="message">What the format took for the message, level and everything known removed.</param>
    public void Observe(ReadOnlySpan<byte> message)
    {
        _lines++;
        var word = ByteText.FirstWord(message);
        var rest = ByteText.TrimStart(message[word.Length..]);
        word = word.Length > 1 && word[^1] == (byte)':' ? word[..^1] : word;
        if (rest.IsEmpty || !HeadWord.IsServiceWord(word))
        {
            return;
        }

        _fitting++;
        _separated += word.IndexOfAny((byte)'-', (byte)'_') > 0 ? 1 : 0;
        _capitals += ByteText.IsUpper(rest[0]) ? 1 : 0;
        if (_names.Count < MaxNames)
        {
            _names.Add(XxHash3.HashToUInt64(word));
        }
    }

    public bool IsPresent()
    {
        if (_lines == 0 || _fitting < 0.9 * _lines)
        {
            return false;
        }

        if (_lines < 4)
        {
            return _separated == _lines;
        }

        return _names.Count <= Math.Max(4, _lines / 4) && (_separated >= 0.15 * _lines || _capitals >= 0.6 * _lines);
    }
}
