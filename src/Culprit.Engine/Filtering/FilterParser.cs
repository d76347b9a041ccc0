namespace Culprit.Engine.Filtering;

/// <summary>Turns the text of a filter into the filter. The grammar is in docs/filters.md; one parser reads one text.</summary>
/// <remarks>The text may come from anybody: length, depth, terms and regular expressions are limited, and nothing throws.</remarks>
internal sealed partial class FilterParser(string text)
{
    public const int MaxLength = 4096;
    public const int MaxDepth = 32;
    public const int MaxTerms = 256;
    public const int MaxListLength = 256;

    private const string Terms = "a field, type(…), source(…), keyword(…), has(…), sample(…), rate(…), dedupe(…), ! or (";
    private const string Operators = "= != < <= > >= ~ contains or in";

    private readonly FilterScanner _in = new(text);
    private int _depth;
    private int _terms;

    public static FilterParse Parse(string text)
    {
        var parser = new FilterParser(text);
        return parser.ReadWhole() is { } filter ? FilterParse.Of(filter) : FilterParse.Of(parser._in.Error!);
    }

    /// <summary>Reads a text that is nothing but the name of a field.</summary>
    public bool TryParseField(out FilterField? field, out FilterError? error)
    {
        field = Fits() ? ReadField() : null;
        if (field is not null && !IsDone("nothing more"))
        {
            field = null;
        }

        error = _in.Error;
        return field is not null;
    }

    private Filter? ReadWhole() => Fits() && ReadAny() is { } filter && IsDone("& | or the end") ? filter : null;

    private bool Fits() => text.Length <= MaxLength || _in.Fail($"the filter is longer than {MaxLength} characters", "", MaxLength);

    private bool IsDone(string expected)
    {
        _in.SkipSpace();
        return _in.IsAtEnd || _in.FailHere(expected);
    }

    private Filter? ReadAny()
    {
        var parts = new List<Filter>();
        do
        {
            if (ReadAll() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (_in.TryTake("||") || _in.TryTake("|") || _in.TryTakeWord("or"));

        return AnyOf.Of(parts);
    }

    private Filter? ReadAll()
    {
        var parts = new List<Filter>();
        do
        {
            if (ReadTerm() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (_in.TryTake("&&") || _in.TryTake("&") || _in.TryTakeWord("and"));

        return AllOf.Of(parts);
    }

    private Filter? ReadTerm()
    {
        var isNegated = false;
        while (_in.TryTake("!") || _in.TryTakeWord("not"))
        {
            isNegated = !isNegated;
        }

        if (++_terms > MaxTerms)
        {
            _in.Fail($"the filter has more than {MaxTerms} terms", "");
            return null;
        }

        var filter = _in.TryTake("(") ? ReadGroup() : ReadCallOrComparison();
        return filter is not null && isNegated ? !filter : filter;
    }

    private Filter? ReadGroup()
    {
        if (++_depth > MaxDepth)
        {
            _in.Fail($"parentheses are nested more than {MaxDepth} deep", "");
            return null;
        }

        var filter = ReadAny();
        _depth--;
        return filter is not null && _in.Take(")", "& | or )") ? filter : null;
    }

    private Filter? ReadCallOrComparison()
    {
        _in.SkipSpace();
        var start = _in.Position;
        var word = _in.PeekWord().ToString();
        if (word.Length == 0)
        {
            _in.FailHere(Terms);
            return null;
        }

        if (word is "type" or "source" or "keyword" or "has" or "sample" or "rate" or "dedupe")
        {
            _in.TakeWord();
            if (_in.TryTake("("))
            {
                return ReadCall(word) is { } call && _in.Take(")", word is "has" or "source" ? ")" : ", or )") ? call : null;
            }

            if (FilterField.Named(word) is { } named)
            {
                return ReadComparison(named);
            }

            _in.FailHere("( after " + word);
            return null;
        }

        if (word != "context" && FilterField.Named(word) is null)
        {
            _in.TakeWord();
            var isCall = _in.IsNext('(');
            _in.Fail($"unknown {(isCall ? "term" : "field")} '{Short(word)}'", isCall ? Terms : FilterField.Known, start);
            return null;
        }

        return ReadField() is { } field ? ReadComparison(field) : null;
    }

    private FilterField? ReadField()
    {
        _in.SkipSpace();
        var start = _in.Position;
        var word = _in.TakeWord();
        if (word == "context")
        {
            return ReadPath(start);
        }

        var field = FilterField.Named(word);
        if (field is null && word.Length > 0)
        {
            _in.Fail($"unknown field '{Short(word)}'", FilterField.Known, start);
        }
        else if (field is null)
        {
            _in.FailHere("a field: " + FilterField.Known);
        }

        return field;
    }

    private FilterField? ReadPath(int start)
    {
        var segments = new List<string>();
        while (_in.TryTake("."))
        {
            if (_in.IsNext('"'))
            {
                if (!_in.TakeString(out var quoted))
                {
                    return null;
                }

                segments.Add(quoted);
            }
            else if (_in.TakeSegment() is { Length: > 0 } plain)
            {
                segments.Add(plain);
            }
            else
            {
                _in.FailHere("a name");
                return null;
            }
        }

        if (segments.Count == 0)
        {
            _in.FailHere(". and a name after context");
            return null;
        }

        if (segments.Sum(s => System.Text.Encoding.UTF8.GetByteCount(s) + 1) > AttributePath.MaxBytes)
        {
            _in.Fail($"the path is longer than {AttributePath.MaxBytes} bytes", "", start);
            return null;
        }

        return FilterField.InContext(segments);
    }

    private Filter? ReadComparison(FilterField field)
    {
        _in.SkipSpace();
        var at = _in.Position;
        if (_in.TryTakeWord("in"))
        {
            return ReadMembership(field);
        }

        if (_in.TryTakeWord("contains"))
        {
            return IsText(field, at) && _in.TakeString(out var part) ? new ContainsFilter(field, part) : null;
        }

        if (_in.TryTake("~"))
        {
            return IsText(field, at) ? ReadRegex(field) : null;
        }

        FieldOperator? op = _in.TryTake("!=") ? FieldOperator.NotEqual
            : _in.TryTake("==") || _in.TryTake("=") ? FieldOperator.Equal
            : _in.TryTake("<=") ? FieldOperator.LessOrEqual
            : _in.TryTake(">=") ? FieldOperator.GreaterOrEqual
            : _in.TryTake("<") ? FieldOperator.Less
            : _in.TryTake(">") ? FieldOperator.Greater
            : null;
        if (op is not { } known)
        {
            _in.FailHere(Operators);
            return null;
        }

        _in.SkipSpace();
        var valueAt = _in.Position;
        if (ReadLiteral(field) is not { } literal)
        {
            return null;
        }

        if (literal.Kind == FieldValueKind.Boolean && known is not (FieldOperator.Equal or FieldOperator.NotEqual))
        {
            _in.Fail("true and false have no order", "a text or a number", valueAt);
            return null;
        }

        return Filters.Compare(field, known, literal);
    }

    private Filter? ReadMembership(FilterField field)
    {
        if (!_in.Take("(", "( and values after in"))
        {
            return null;
        }

        var literals = new List<FilterLiteral>();
        do
        {
            if (!HasRoom(literals.Count, MaxListLength) || ReadLiteral(field) is not { } literal)
            {
                return null;
            }

            literals.Add(literal);
        }
        while (_in.TryTake(","));

        return _in.Take(")", ", or )") ? Filters.In(field, literals) : null;
    }

    private bool HasRoom(int count, int max) => count < max || _in.Fail($"more than {max} of them", ")");

    private bool IsText(FilterField field, int at) => field.Kind is not (FieldKind.Level or FieldKind.Timestamp)
        || _in.Fail($"{field} is no text", "= != < <= > >= or in", at);

    /// <summary>A piece of the text as a message may quote it.</summary>
    private static string Short(string word) =>
        string.Concat(word.Take(40).Select(c => FilterText.IsPrintable(c) ? c : ' ')) + (word.Length > 40 ? "…" : "");
}
