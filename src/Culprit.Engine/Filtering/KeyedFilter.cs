using System.Text;

namespace Culprit.Engine.Filtering;

/// <summary>A term that tells records apart by some fields: <c>name(amount by field, field)</c>.</summary>
internal abstract class KeyedFilter(IReadOnlyList<FilterField> by) : Filter
{
    /// <summary>Keys that one term remembers: about 1.5 MB.</summary>
    public const int MaxKeys = 10_000;

    private readonly FilterField[] _by = [.. by];

    private protected ReadOnlySpan<FilterField> By => _by;

    private protected override int Level => CallLevel;

    private protected void RenderCall(StringBuilder text, string name, string amount)
    {
        text.Append(name).Append('(').Append(amount);
        if (_by.Length > 0)
        {
            text.Append(" by ").AppendJoin(", ", (IEnumerable<FilterField>)_by);
        }

        text.Append(')');
    }
}
