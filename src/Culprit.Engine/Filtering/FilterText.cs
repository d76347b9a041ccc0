using System.Globalization;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>How the language of filters writes texts, numbers, times and durations.</summary>
internal static class FilterText
{
    private const long Milli = UnixNanos.PerSecond / 1000;

    /// <summary>Units from the largest down: the first that divides a duration evenly writes it.</summary>
    internal static readonly (string Name, long Nanos)[] Units =
    [
        ("d", 86_400 * UnixNanos.PerSecond), ("h", 3600 * UnixNanos.PerSecond), ("m", 60 * UnixNanos.PerSecond),
        ("s", UnixNanos.PerSecond), ("ms", Milli),
    ];

    /// <summary>Longest duration that a filter or rule may name.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromDays(7);

    /// <summary>The text as UTF-8 can carry it: half characters become U+FFFD.</summary>
    public static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when char.IsControl(c) => AppendCode(quoted, c),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The pattern between slashes; it must have been normalised by <see cref="NormalisePattern"/>.</summary>
    public static string Slashed(string pattern)
    {
        var text = new StringBuilder("/", pattern.Length + 2);
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                text.Append('\\').Append(pattern[++i]);
            }
            else
            {
                text.Append(pattern[i] == '/' ? "\\/" : pattern[i].ToString());
            }
        }

        return text.Append('/').ToString();
    }

    /// <summary>The same expression without needless escapes of the slash and without control characters.</summary>
    public static string NormalisePattern(string pattern)
    {
        var text = new StringBuilder(pattern.Length);
        pattern = Clean(pattern);
        for (var i = 0; i < pattern.Length; i++)
        {
            var isEscaped = pattern[i] == '\\' && i + 1 < pattern.Length;
            var c = isEscaped ? pattern[++i] : pattern[i];
            if (char.IsControl(c))
            {
                AppendCode(text, c);
            }
            else
            {
                text.Append(isEscaped && c != '/' ? "\\" : "").Append(c);
            }
        }

        return text.ToString();
    }

    public static string Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    public static string Time(long nanos) => Instant.Render(nanos);

    public static string Duration(TimeSpan duration)
    {
        var nanos = UnixNanos.From(duration);
        foreach (var (name, unit) in Units)
        {
            if (nanos % unit == 0)
            {
                return (nanos / unit).ToString(CultureInfo.InvariantCulture) + name;
            }
        }

        throw new ArgumentException($"The duration {duration} is no whole number of milliseconds.", nameof(duration));
    }

    /// <summary>Reads <c>500ms</c>, <c>5s</c>, <c>1m</c>, <c>2h</c> or <c>1d</c>; false when it is none, is 0 or too long.</summary>
    public static bool TryParseDuration(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits is <= 0 or > 9)
        {
            return false;
        }

        var count = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
        foreach (var (name, unit) in Units)
        {
            if (text[digits..].SequenceEqual(name))
            {
                var longest = UnixNanos.From(MaxDuration);
                duration = TimeSpan.FromTicks(Math.Min(count, (longest / unit) + 1) * unit / UnixNanos.PerTick);
                return count > 0 && duration <= MaxDuration;
            }
        }

        return false;
    }

    public static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>True when a segment of a path needs no quotes.</summary>
    public static bool IsPlainSegment(string segment) => segment.Length > 0 && segment.All(IsSegmentPart);

    public static bool IsSegmentPart(char c) => IsWordPart(c) || c == '-';

    /// <summary>False for what could move the cursor of the terminal that shows it, or is no character on its own.</summary>
    public static bool IsPrintable(char c) => !char.IsControl(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c)
        is not (UnicodeCategory.Format or UnicodeCategory.NonSpacingMark or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static StringBuilder AppendCode(StringBuilder text, char c) =>
        text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
