using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary><c>dedupe(5s by service, level, message)</c>: the first of the records with the same fields within the window.</summary>
/// <remarks>The window is fixed from the first occurrence, so that a steady repetition passes once per window.</remarks>
internal sealed class DedupeFilter(TimeSpan window, IReadOnlyList<FilterField> by) : KeyedFilter(by)
{
    private readonly long _windowNanos = UnixNanos.From(window);

    internal override int RememberedKeys => MaxKeys;

    public override bool Matches(in LogRecord record, FilterContext context)
    {
        var key = RecordKey.Of(By, record, context);
        var keys = context.MemoryOf(this);
        if (keys.TryGet(key, out var known))
        {
            var age = context.TimeNanos - known.SinceNanos;
            if (Math.Abs(age) < _windowNanos)
            {
                keys.Set(key, known with { Count = known.Count + 1 });
                return false;
            }

            if (age < 0)
            {
                return true; // A late record opens no window: it would hide the current one.
            }
        }

        keys.Set(key, new KeyWindow(context.TimeNanos, 1));
        return true;
    }

    private protected override void Render(StringBuilder text) => RenderCall(text, "dedupe", FilterText.Duration(window));
}
