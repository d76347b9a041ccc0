using System.Buffers;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>keyword("refused", "reset")</c>: the message holds one of the words, in upper or lower case.</summary>
internal sealed class KeywordFilter : Filter
{
    private readonly string[] _words;
    private readonly SearchValues<string> _search;

    public KeywordFilter(params IEnumerable<string> words)
    {
        _words = [.. words.Select(FilterText.Clean)];
        _search = SearchValues.Create(_words, StringComparison.OrdinalIgnoreCase);
    }

    private protected override int Level => CallLevel;

    public override bool Matches(in LogRecord record, FilterContext context) => context.Chars(record.Body).ContainsAny(_search);

    private protected override void Render(StringBuilder text) =>
        text.Append("keyword(").AppendJoin(", ", _words.Select(FilterText.Quote)).Append(')');
}
