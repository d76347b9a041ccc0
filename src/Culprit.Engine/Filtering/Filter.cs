using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Says of a record whether it is wanted. Composed with <c>&amp;</c>, <c>|</c> and <c>!</c>, or written as text.</summary>
/// <remarks>
/// Immutable: what rates, deduplication and the like must remember lies in the <see cref="FilterContext"/>. Terms are asked
/// from left to right, and only as far as needed: in <c>service = "a" &amp; rate(…)</c> the rate counts records of that
/// service only. <see cref="ToString"/> gives the canonical text, which parses to the same filter.
/// </remarks>
internal abstract class Filter
{
    private protected const int OrLevel = 0;
    private protected const int AndLevel = 1;
    private protected const int TermLevel = 2;
    private protected const int CallLevel = 3;

    /// <summary>How tightly the text binds; a filter inside a tighter one is put in parentheses.</summary>
    private protected abstract int Level { get; }

    /// <summary>The filters that this one is made of.</summary>
    public virtual IReadOnlyList<Filter> Parts => [];

    /// <summary>Keys that the context has to remember for this filter; 0 when its verdict depends on the record alone.</summary>
    internal virtual int RememberedKeys => 0;

    /// <summary>True when the record is wanted. A context serves one filter (or the filters it was made for), one record at a time.</summary>
    public abstract bool Matches(in LogRecord record, FilterContext context);

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Render(text);
        return text.ToString();
    }

    public static Filter operator &(Filter left, Filter right) => AllOf.Of([left, right]);

    public static Filter operator |(Filter left, Filter right) => AnyOf.Of([left, right]);

    public static Filter operator !(Filter filter) => NoneOf.Of(filter);

    private protected abstract void Render(StringBuilder text);

    private protected static void Render(StringBuilder text, Filter part, int outer)
    {
        var isLoose = part.Level < outer;
        text.Append(isLoose ? "(" : "");
        part.Render(text);
        text.Append(isLoose ? ")" : "");
    }

    private protected static void RenderList(StringBuilder text, IReadOnlyList<Filter> parts, string between, int outer)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            text.Append(i == 0 ? "" : between);
            Render(text, parts[i], outer);
        }
    }
}
