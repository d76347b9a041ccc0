using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>field in (a, b)</c>: the field equals one of the values.</summary>
internal sealed class MembershipFilter(FilterField field, IReadOnlyList<FilterLiteral> literals) : Filter
{
    private readonly FilterLiteral[] _literals = [.. literals];

    private protected override int Level => TermLevel;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var value = field.Read(record, context);
        foreach (var literal in _literals)
        {
            if (literal.IsEqualTo(value))
            {
                return true;
            }
        }

        return false;
    }

    private protected override void Render(StringBuilder text) =>
        text.Append(field).Append(" in (").AppendJoin(", ", (IEnumerable<FilterLiteral>)_literals).Append(')');
}
