namespace Culprit.Engine.Filtering;

/// <summary>What kind of value a field holds; values of two kinds are never equal and never in order.</summary>
internal enum FieldValueKind : byte
{
    /// <summary>The record has no such field, or it holds null, an object or an array.</summary>
    Missing = 0,
    Text = 1,
    Number = 2,
    Boolean = 3,

    /// <summary>A level or a time: a whole number that the text writes in its own way.</summary>
    Ordinal = 4,
}

/// <summary>The value of one field of one record; valid until the next field is read with the same context.</summary>
internal readonly ref struct FieldValue
{
    private FieldValue(FieldValueKind kind, ReadOnlySpan<byte> utf8, double number, long ordinal)
    {
        Kind = kind;
        Utf8 = utf8;
        Number = number;
        Ordinal = ordinal;
    }

    public FieldValueKind Kind { get; }

    public ReadOnlySpan<byte> Utf8 { get; }

    public double Number { get; }

    public long Ordinal { get; }

    public bool IsMissing => Kind == FieldValueKind.Missing;

    public static FieldValue OfText(ReadOnlySpan<byte> utf8) => new(FieldValueKind.Text, utf8, 0, 0);

    /// <summary>A text that is empty when the record does not have it.</summary>
    public static FieldValue OfOptional(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? default : OfText(utf8);

    public static FieldValue OfNumber(double number) => new(FieldValueKind.Number, default, number, 0);

    public static FieldValue OfBoolean(bool value) => new(FieldValueKind.Boolean, default, 0, value ? 1 : 0);

    public static FieldValue OfOrdinal(long ordinal) => new(FieldValueKind.Ordinal, default, 0, ordinal);
}
