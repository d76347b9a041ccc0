using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>field op value</c>. A missing field matches nothing, not even <c>!=</c>; a value of another kind is only unequal.</summary>
internal sealed class ComparisonFilter(FilterField field, FieldOperator op, FilterLiteral literal) : Filter
{
    private protected override int Level => TermLevel;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var value = field.Read(record, context);
        if (value.Kind != literal.Kind)
        {
            return op == FieldOperator.NotEqual && !value.IsMissing;
        }

        var sign = literal.Compare(value);
        return op switch
        {
            FieldOperator.Equal => sign == 0,
            FieldOperator.NotEqual => sign != 0,
            FieldOperator.Less => sign < 0,
            FieldOperator.LessOrEqual => sign <= 0,
            FieldOperator.Greater => sign > 0,
            FieldOperator.GreaterOrEqual => sign >= 0,
            _ => throw new System.Diagnostics.UnreachableException($"Unknown operator {op}."),
        };
    }

    private protected override void Render(StringBuilder text) => text.Append(field).Append(op switch
    {
        FieldOperator.Equal => " = ",
        FieldOperator.NotEqual => " != ",
        FieldOperator.Less => " < ",
        FieldOperator.LessOrEqual => " <= ",
        FieldOperator.Greater => " > ",
        FieldOperator.GreaterOrEqual => " >= ",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown operator {op}."),
    }).Append(literal);
}
