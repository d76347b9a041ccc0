using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>type("log.entry", "incident.*")</c>: the record is of one of these types; a <c>*</c> at the end stands for any rest.</summary>
/// <remarks>A log record of level error or fatal is a <c>log.entry</c> and a <c>log.error</c> at once: one is a view of the other.</remarks>
internal sealed class TypeFilter(params IEnumerable<string> types) : Filter
{
    private readonly string[] _types = [.. types.Select(FilterText.Clean)];
    private readonly byte[][] _utf8 = [.. types.Select(Encoding.UTF8.GetBytes)];

    private protected override int Level => CallLevel;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var name = FilterField.TypeName(record);
        var isError = record.Kind == EventKind.Log && record.Severity.IsError();
        foreach (var type in _utf8)
        {
            if (Covers(type, name) || (isError && Covers(type, "log.error"u8)))
            {
                return true;
            }
        }

        return false;
    }

    private protected override void Render(StringBuilder text) =>
        text.Append("type(").AppendJoin(", ", _types.Select(FilterText.Quote)).Append(')');

    private static bool Covers(ReadOnlySpan<byte> type, ReadOnlySpan<byte> name) =>
        type.EndsWith("*"u8) ? name.StartsWith(type[..^1]) : name.SequenceEqual(type);
}
