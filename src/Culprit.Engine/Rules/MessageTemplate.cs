using System.Text;
using System.Text.Json;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>A text with placeholders such as <c>{service}</c>, <c>{count}</c> or <c>{context.tenant}</c>; <c>{{</c> and <c>}}</c> are braces.</summary>
/// <remarks>Values come from log text: what is written has a limited length and no control characters.</remarks>
internal sealed class MessageTemplate
{
    public const int MaxLength = 1024;

    private const int MaxRendered = 2000;

    private static readonly (string Name, RuleFact Fact)[] Facts =
    [
        ("rule", RuleFact.Rule), ("count", RuleFact.Count), ("window", RuleFact.Window), ("scope", RuleFact.Scope),
        ("started_at", RuleFact.StartedAt), ("ended_at", RuleFact.EndedAt),
    ];

    private readonly string _text;
    private readonly List<Part> _parts = [];

    private MessageTemplate(string text) => _text = text;

    /// <summary>What a reader is told when a placeholder is none of them.</summary>
    public static string Known { get; } = string.Join(", ", Facts.Select(f => f.Name)) + ", " + FilterField.Known;

    /// <summary>The template as it was written.</summary>
    public override string ToString() => _text;

    /// <exception cref="ArgumentException">A placeholder is unknown or has no end.</exception>
    public static MessageTemplate Parse(string text) =>
        TryParse(text, out var template, out var error) ? template! : throw new ArgumentException(error!.Message, nameof(text));

    public static bool TryParse(string text, out MessageTemplate? template, out FilterError? error)
    {
        var made = new MessageTemplate(text);
        error = text.Length > MaxLength
            ? new FilterError(text, MaxLength, $"the text is longer than {MaxLength} characters", "")
            : made.Split();
        template = error is null ? made : null;
        return error is null;
    }

    public string Render(in FiringFacts facts, in LogRecord record, FilterContext context)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            var value = part.Text ?? (part.Fact is { } fact ? facts.Text(fact) : part.Field!.ReadText(record, context)) ?? "-";
            foreach (var c in value.AsSpan(0, Math.Min(value.Length, MaxRendered - text.Length)))
            {
                text.Append(char.IsControl(c) ? ' ' : c);
            }
        }

        return text.ToString();
    }

    /// <summary>Writes the value; a single placeholder keeps its kind, and nothing is written when the record lacks the field.</summary>
    public void Write(Utf8JsonWriter json, string name, in FiringFacts facts, in LogRecord record, FilterContext context)
    {
        if (_parts is [{ Fact: RuleFact.Count }])
        {
            json.WriteNumber(name, facts.Count);
            return;
        }

        if (_parts is [{ Field: { } field }])
        {
            var value = field.Read(record, context);
            switch (value.Kind)
            {
                case FieldValueKind.Missing:
                    return;
                case FieldValueKind.Number when double.IsFinite(value.Number):
                    json.WriteNumber(name, value.Number);
                    return;
                case FieldValueKind.Boolean:
                    json.WriteBoolean(name, value.Ordinal == 1);
                    return;
                default:
                    break;
            }
        }

        json.WriteString(name, Render(facts, record, context));
    }

    private FilterError? Split()
    {
        var literal = new StringBuilder();
        for (var i = 0; i < _text.Length; i++)
        {
            var c = _text[i];
            if (c is not ('{' or '}'))
            {
                literal.Append(c);
                continue;
            }

            if (i + 1 < _text.Length && _text[i + 1] == c)
            {
                literal.Append(c);
                i++;
                continue;
            }

            var end = c == '{' ? _text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                return new FilterError(_text, i, c == '{' ? "a placeholder has no end" : "a brace closes nothing", "{name}, or {{ and }} for braces");
            }

            if (Placeholder(_text[(i + 1)..end]) is not { } part)
            {
                return new FilterError(_text, i + 1, "unknown placeholder", Known);
            }

            AddLiteral(literal);
            _parts.Add(part);
            i = end;
        }

        AddLiteral(literal);
        return null;
    }

    private static Part? Placeholder(string name)
    {
        foreach (var (known, fact) in Facts)
        {
            if (known == name)
            {
                return new Part(null, fact, null);
            }
        }

        return FilterField.TryParse(name, out var field, out _) ? new Part(null, null, field) : null;
    }

    private void AddLiteral(StringBuilder literal)
    {
        if (literal.Length > 0)
        {
            _parts.Add(new Part(literal.ToString(), null, null));
            literal.Clear();
        }
    }

    private sealed record Part(string? Text, RuleFact? Fact, FilterField? Field);
}
