using System.Text;
using System.Text.RegularExpressions;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>field ~ /expression/</c>: the expression is found somewhere in the text; for the source also <c>source(/…/)</c>.</summary>
/// <remarks>Looks at the first <see cref="FilterContext.MaxRegexBytes"/> of a field.</remarks>
internal sealed class RegexFilter : Filter
{
    private readonly FilterField _field;
    private readonly string _pattern;
    private readonly Regex _regex;

    private RegexFilter(FilterField field, string pattern, Regex regex)
    {
        _field = field;
        _pattern = pattern;
        _regex = regex;
    }

    private protected override int Level => _field.Kind == FieldKind.Source ? CallLevel : TermLevel;

    /// <summary>False with the reason when the expression is not allowed.</summary>
    public static bool TryCreate(FilterField field, string pattern, out RegexFilter? filter, out string? problem)
    {
        filter = null;
        pattern = FilterText.NormalisePattern(pattern);
        if (!SafeRegex.TryCreate(pattern, out var regex, out problem))
        {
            return false;
        }

        filter = new RegexFilter(field, pattern, regex!);
        return true;
    }

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var value = _field.Read(record, context);
        return value.Kind == FieldValueKind.Text && context.IsMatch(_regex, value.Utf8);
    }

    private protected override void Render(StringBuilder text)
    {
        if (_field.Kind == FieldKind.Source)
        {
            text.Append("source(").Append(FilterText.Slashed(_pattern)).Append(')');
        }
        else
        {
            text.Append(_field).Append(" ~ ").Append(FilterText.Slashed(_pattern));
        }
    }
}
