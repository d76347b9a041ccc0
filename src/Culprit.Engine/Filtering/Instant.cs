using System.Globalization;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Points in time as filters write them: RFC 3339, canonically in UTC.</summary>
internal static class Instant
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd",
    ];

    // Unix nanoseconds in 64 bits end in 2262.
    private static readonly DateTimeOffset Last = new(2262, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset First = new(1678, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string Render(long nanos) =>
        UnixNanos.ToTime(nanos).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time without offset is UTC.</summary>
    public static bool TryParse(string text, out long nanos)
    {
        nanos = 0;
        if (!DateTimeOffset.TryParseExact(
            text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) || time < First || time > Last)
        {
            return false;
        }

        nanos = UnixNanos.From(time);
        return true;
    }
}
