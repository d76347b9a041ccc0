namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Where one member of a JSON object stands in its line.</summary>
/// <param name="Start">Of the opening quote of its name.</param>
/// <param name="NameEnd">Behind the closing quote of its name.</param>
/// <param name="ValueStart">Of the value, its quote included.</param>
/// <param name="ValueEnd">Behind the value.</param>
/// <param name="IsEscaped">The value is a string that holds escapes.</param>
internal readonly record struct JsonMember(int Start, int NameEnd, int ValueStart, int ValueEnd, bool IsEscaped)
{
    public ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> text) => text[(Start + 1)..(NameEnd - 1)];

    public ReadOnlySpan<byte> ValueIn(ReadOnlySpan<byte> text) => text[ValueStart..ValueEnd];

    public ReadOnlySpan<byte> WholeIn(ReadOnlySpan<byte> text) => text[Start..ValueEnd];

    public bool IsStringIn(ReadOnlySpan<byte> text) => text[ValueStart] == (byte)'"';

    public bool IsObjectIn(ReadOnlySpan<byte> text) => text[ValueStart] == (byte)'{';

    /// <summary>True for a string, number or boolean: what a field of the record can be read from.</summary>
    public bool IsScalarIn(ReadOnlySpan<byte> text) => text[ValueStart] is not ((byte)'{' or (byte)'[' or (byte)'n');
}
