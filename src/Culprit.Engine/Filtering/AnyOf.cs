using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>a | b</c>: some part matches. Parts are never of this type themselves, so that the form is canonical.</summary>
internal sealed class AnyOf : Filter
{
    private readonly Filter[] _parts;

    private AnyOf(Filter[] parts) => _parts = parts;

    public override IReadOnlyList<Filter> Parts => _parts;

    private protected override int Level => OrLevel;

    public static Filter Of(IReadOnlyList<Filter> parts) =>
        parts.Count == 1 ? parts[0] : new AnyOf([.. parts.SelectMany(p => p is AnyOf any ? any._parts : [p])]);

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        foreach (var part in _parts)
        {
            if (part.Matches(record, context))
            {
                return true;
            }
        }

        return false;
    }

    private protected override void Render(StringBuilder text) => RenderList(text, _parts, " | ", AndLevel);
}
