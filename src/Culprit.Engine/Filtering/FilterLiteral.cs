using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>A value written in a filter, in the kind of the field that it is compared with.</summary>
internal sealed class FilterLiteral
{
    private readonly string _text;
    private readonly byte[] _utf8 = [];
    private readonly double _number;
    private readonly long _ordinal;

    private FilterLiteral(string text, double number)
    {
        (Kind, _text, _number) = (FieldValueKind.Number, text, number);
    }

    private FilterLiteral(FieldValueKind kind, string text, long ordinal)
    {
        (Kind, _text, _ordinal) = (kind, text, ordinal);
    }

    private FilterLiteral(string text)
    {
        (Kind, _text, _utf8) = (FieldValueKind.Text, FilterText.Quote(FilterText.Clean(text)), Encoding.UTF8.GetBytes(text));
    }

    public FieldValueKind Kind { get; }

    /// <summary>The text of a <see cref="FieldValueKind.Text"/>, without quotes.</summary>
    public string Text => Encoding.UTF8.GetString(_utf8);

    public static FilterLiteral Of(string text) => new(text);

    /// <exception cref="ArgumentException">The number is infinite or none at all: the language cannot write it.</exception>
    public static FilterLiteral Of(double number) => double.IsFinite(number)
        ? new FilterLiteral(FilterText.Number(number == 0 ? 0 : number), number)
        : throw new ArgumentException("The number must be finite.", nameof(number));

    public static FilterLiteral Of(bool value) => new(FieldValueKind.Boolean, value ? "true" : "false", value ? 1 : 0);

    public static FilterLiteral Of(Severity level) => new(FieldValueKind.Ordinal, level.ToWire(), (long)level);

    public static FilterLiteral OfTime(long nanos) => new(FieldValueKind.Ordinal, '"' + FilterText.Time(nanos) + '"', nanos);

    /// <summary>Canonical text.</summary>
    public override string ToString() => _text;

    /// <summary>Sign of value minus literal; both must be of one kind.</summary>
    public int Compare(in FieldValue value) => Kind switch
    {
        FieldValueKind.Text => value.Utf8.SequenceCompareTo(_utf8),
        FieldValueKind.Number => value.Number.CompareTo(_number),
        _ => value.Ordinal.CompareTo(_ordinal),
    };

    public bool IsEqualTo(in FieldValue value) => value.Kind == Kind && Compare(value) == 0;
}
