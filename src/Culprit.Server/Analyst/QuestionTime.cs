using System.Globalization;
using System.Text.RegularExpressions;
using Culprit.Engine.RootCause.Inquiries;

namespace Culprit.Server.Analyst;

/// <summary>Finds out what time a question is about. All times are UTC.</summary>
internal static partial class QuestionTime
{
    private static readonly TimeSpan Default = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>
    /// Around a moment (<c>at 14:05</c>, the last time the clock said that; <c>2026-03-01T14:05:00Z</c>), the <c>last 2 hours</c>,
    /// or else the quarter of an hour until now.
    /// </summary>
    public static InquiryRange Of(string question, DateTimeOffset now)
    {
        if (Moment().Match(question) is { Success: true } moment && DateTimeOffset.TryParse(
            moment.Value.Replace(' ', 'T'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
        {
            return Around(at, now);
        }

        if (Clock().Match(question) is { Success: true } clock
            && TimeSpan.TryParseExact(clock.Groups["time"].Value, [@"h\:mm", @"hh\:mm", @"h\:mm\:ss", @"hh\:mm\:ss"], CultureInfo.InvariantCulture, out var time)
            && time < TimeSpan.FromDays(1))
        {
            var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + time;
            return Around(today > now ? today.AddDays(-1) : today, now);
        }

        if (Last().Match(question) is { Success: true } last)
        {
            var count = last.Groups["count"].Value is { Length: > 0 } digits ? int.Parse(digits, CultureInfo.InvariantCulture) : 1;
            var span = char.ToLowerInvariant(last.Groups["unit"].Value[0]) == 'h' ? TimeSpan.FromHours(count) : TimeSpan.FromMinutes(count);
            return new InquiryRange(now - (span > Longest ? Longest : span), now);
        }

        return new InquiryRange(now - Default, now);
    }

    private static InquiryRange Around(DateTimeOffset at, DateTimeOffset now) =>
        new(at - Before, at + After < now || at > now ? at + After : now);

    [GeneratedRegex(@"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?", RegexOptions.NonBacktracking)]
    private static partial Regex Moment();

    [GeneratedRegex(@"\b(?<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Clock();

    [GeneratedRegex(@"\b(?:last|past)\s(?<count>[0-9]{1,4})?\s?(?<unit>minute|min|hour|h)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Last();
}
