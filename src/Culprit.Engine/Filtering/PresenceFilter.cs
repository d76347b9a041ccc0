using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>has(field)</c>: the record has the field, and it holds a text, a number, true or false.</summary>
internal sealed class PresenceFilter(FilterField field) : Filter
{
    private protected override int Level => CallLevel;

    public override bool Matches(in LogRecord record, FilterContext context) => !field.Read(record, context).IsMissing;

    private protected override void Render(StringBuilder text) => text.Append("has(").Append(field).Append(')');
}
