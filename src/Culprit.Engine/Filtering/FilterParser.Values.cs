using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>The part that reads values, texts and regular expressions.</summary>
internal sealed partial class FilterParser
{
    /// <summary>A value of the kind that the field can hold.</summary>
    private FilterLiteral? ReadLiteral(FilterField field)
    {
        _in.SkipSpace();
        var start = _in.Position;
        switch (field.Kind)
        {
            case FieldKind.Level:
                var word = _in.IsNext('"') ? _in.TakeString(out var quoted) ? quoted : null : _in.TakeWord();
                if (word is { Length: > 0 } && Severities.TryParse(System.Text.Encoding.UTF8.GetBytes(word), out var level))
                {
                    return FilterLiteral.Of(level);
                }

                _in.Fail(word is { Length: > 0 } ? $"unknown level '{Short(word)}'" : "no level", "debug, info, warn, error or fatal", start);
                return null;
            case FieldKind.Timestamp:
                if (!_in.TakeString(out var time))
                {
                    return null;
                }

                if (Instant.TryParse(time, out var nanos))
                {
                    return FilterLiteral.OfTime(nanos);
                }

                _in.Fail("no time", "a time such as \"2026-11-23T12:00:00Z\"", start);
                return null;
            case FieldKind.Context when _in.IsNumberNext():
                return _in.TakeNumber(out var number) ? FilterLiteral.Of(number) : null;
            case FieldKind.Context when _in.TryTakeWord("true"):
                return FilterLiteral.Of(true);
            case FieldKind.Context when _in.TryTakeWord("false"):
                return FilterLiteral.Of(false);
            default:
                if (!_in.IsNext('"'))
                {
                    _in.FailHere(field.Kind == FieldKind.Context ? "a text in double quotes, a number, true or false" : "a text in double quotes");
                    return null;
                }

                return _in.TakeString(out var text) ? FilterLiteral.Of(text) : null;
        }
    }

    /// <summary>An expression between slashes or in double quotes.</summary>
    private RegexFilter? ReadRegex(FilterField field)
    {
        _in.SkipSpace();
        var start = _in.Position;
        if (!(_in.IsNext('/') ? _in.TakePattern(out var pattern) : TakeQuoted(out pattern)))
        {
            return null;
        }

        if (RegexFilter.TryCreate(field, pattern, out var filter, out var problem))
        {
            return filter;
        }

        _in.Fail(problem!, "", start);
        return null;
    }

    private bool TakeQuoted(out string text)
    {
        text = string.Empty;
        return _in.IsNext('"') ? _in.TakeString(out text) : _in.FailHere("a regular expression, such as /.*-prod.*/");
    }

    private List<string>? ReadStrings()
    {
        var strings = new List<string>();
        do
        {
            _in.SkipSpace();
            var start = _in.Position;
            if (!HasRoom(strings.Count, MaxListLength) || !_in.TakeString(out var item))
            {
                return null;
            }

            if (item.Length == 0)
            {
                _in.Fail("an empty text", "at least one character", start);
                return null;
            }

            strings.Add(item);
        }
        while (_in.TryTake(","));

        return strings;
    }
}
