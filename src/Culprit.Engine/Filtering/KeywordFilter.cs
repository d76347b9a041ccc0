using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>keyword("refused", "reset")</c>: the message holds one of the words, in any case of ASCII letters.</summary>
internal sealed class KeywordFilter(params IEnumerable<string> words) : Filter
{
    private readonly string[] _words = [.. words.Select(FilterText.Clean)];
    private readonly byte[][] _lower = [.. words.Select(w => Array.ConvertAll(Encoding.UTF8.GetBytes(w), Lower))];

    private protected override int Level => CallLevel;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        foreach (var word in _lower)
        {
            if (Contains(record.Body, word))
            {
                return true;
            }
        }

        return false;
    }

    private protected override void Render(StringBuilder text) =>
        text.Append("keyword(").AppendJoin(", ", _words.Select(FilterText.Quote)).Append(')');

    private static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty)
        {
            return true;
        }

        var first = word[0];
        var upper = first is >= (byte)'a' and <= (byte)'z' ? (byte)(first & ~0x20) : first;
        while (text.Length >= word.Length)
        {
            var at = text[..(text.Length - word.Length + 1)].IndexOfAny(first, upper);
            if (at < 0)
            {
                return false;
            }

            if (IsAt(text[at..], word))
            {
                return true;
            }

            text = text[(at + 1)..];
        }

        return false;
    }

    private static bool IsAt(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            if (Lower(text[i]) != word[i])
            {
                return false;
            }
        }

        return true;
    }

    private static byte Lower(byte c) => c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
}
