using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>sample(0.1 by trace_id)</c>: a share of the records, chosen by a hash of the fields.</summary>
/// <remarks>
/// Records with the same values share one verdict, on every node and in every replay; without fields the id decides.
/// Where all the fields are missing the id decides too: else every record without a trace would share one verdict.
/// </remarks>
internal sealed class SampleFilter(double share, IReadOnlyList<FilterField> by) : KeyedFilter(by)
{
    private static readonly FilterField[] ById = [FilterField.Named("id")!];

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var key = RecordKey.Of(HasAny(record, context) ? By : ById, record, context);
        return (key >> 11) * (1.0 / (1UL << 53)) < share;
    }

    private protected override void Render(StringBuilder text) => RenderCall(text, "sample", FilterText.Number(share));

    private bool HasAny(in LogRecord record, FilterContext context)
    {
        foreach (var field in By)
        {
            if (!field.Read(record, context).IsMissing)
            {
                return true;
            }
        }

        return false;
    }
}
