using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>!a</c>: the part does not match.</summary>
internal sealed class NoneOf : Filter
{
    private readonly Filter _part;

    private NoneOf(Filter part) => _part = part;

    public override IReadOnlyList<Filter> Parts => [_part];

    private protected override int Level => TermLevel;

    /// <summary>Two negations cancel out, so that the form is canonical and hostile text cannot nest deeply.</summary>
    public static Filter Of(Filter part) => part is NoneOf none ? none._part : new NoneOf(part);

    public override bool Matches(in LogRecord record, FilterContext context) => !_part.Matches(record, context);

    private protected override void Render(StringBuilder text)
    {
        text.Append('!');
        Render(text, _part, CallLevel);
    }
}
