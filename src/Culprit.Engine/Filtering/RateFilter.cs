using System.Globalization;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>rate(100/1s by service)</c>: at most so many records in a window, for each combination of the fields.</summary>
/// <remarks>A window begins with the first record after the last one ended; a record older than the window counts in it.</remarks>
internal sealed class RateFilter(long count, TimeSpan window, IReadOnlyList<FilterField> by) : KeyedFilter(by)
{
    private readonly long _windowNanos = UnixNanos.From(window);

    internal override int RememberedKeys => MaxKeys;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var key = RecordKey.Of(By, record, context);
        var keys = context.MemoryOf(this);
        var current = keys.TryGet(key, out var known) && context.TimeNanos - known.SinceNanos < _windowNanos
            ? known
            : new KeyWindow(context.TimeNanos, 0);
        keys.Set(key, current with { Count = current.Count + 1 });
        return current.Count < count;
    }

    private protected override void Render(StringBuilder text) =>
        RenderCall(text, "rate", count.ToString(CultureInfo.InvariantCulture) + "/" + FilterText.Duration(window));
}
