using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>field contains "text"</c>: exactly, upper and lower case told apart.</summary>
internal sealed class ContainsFilter(FilterField field, string part) : Filter
{
    private readonly byte[] _part = Encoding.UTF8.GetBytes(part);

    private protected override int Level => TermLevel;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var value = field.Read(record, context);
        return value.Kind == FieldValueKind.Text && value.Utf8.IndexOf(_part) >= 0;
    }

    private protected override void Render(StringBuilder text) =>
        text.Append(field).Append(" contains ").Append(FilterText.Quote(FilterText.Clean(part)));
}
