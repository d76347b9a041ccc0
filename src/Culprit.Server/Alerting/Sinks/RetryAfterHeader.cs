using System.Globalization;
using System.Net.Http.Headers;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Reads <c>Retry-After</c>: seconds or an HTTP date.</summary>
internal static class RetryAfterHeader
{
    /// <summary>A receiver may slow us down, not silence us: it is asked again after an hour at the latest.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>Between 1 s and <see cref="Longest"/>; null without the header or when it makes no sense.</summary>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (!headers.NonValidated.TryGetValues("Retry-After", out var values) || values.Count != 1)
        {
            return null;
        }

        var value = values.ToString().Trim();
        if (value.Length > 0 && value.All(char.IsAsciiDigit))
        {
            // Numbers that are too long for any type still mean "long".
            return Clamp(double.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? Math.Min(seconds, Longest.TotalSeconds)
                : Longest.TotalSeconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Clamp(Math.Min((date - now).TotalSeconds, Longest.TotalSeconds))
            : null;
    }

    private static TimeSpan Clamp(double seconds) => TimeSpan.FromSeconds(Math.Max(seconds, Shortest.TotalSeconds));
}
