using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>a &amp; b</c>: every part matches. Parts are never of this type themselves, so that the form is canonical.</summary>
internal sealed class AllOf : Filter
{
    private readonly Filter[] _parts;

    private AllOf(Filter[] parts) => _parts = parts;

    public override IReadOnlyList<Filter> Parts => _parts;

    private protected override int Level => AndLevel;

    public static Filter Of(IReadOnlyList<Filter> parts) =>
        parts.Count == 1 ? parts[0] : new AllOf([.. parts.SelectMany(p => p is AllOf all ? all._parts : [p])]);

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        foreach (var part in _parts)
        {
            if (!part.Matches(record, context))
            {
                return false;
            }
        }

        return true;
    }

    private protected override void Render(StringBuilder text) => RenderList(text, _parts, " & ", TermLevel);
}
