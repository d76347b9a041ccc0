using System.Globalization;

namespace Culprit.Server.Configuration;

/// <summary>How long things are kept, as configuration writes it: <c>12h</c>, <c>30d</c>, <c>8w</c>.</summary>
internal static class KeepTime
{
    public const string Allowed = "a number with h, d or w, from 1h to 3650d";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>False when the text is none, or is out of bounds.</summary>
    public static bool TryParse(string? text, out TimeSpan time)
    {
        time = default;
        if (text is not { Length: >= 2 and <= 6 }
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var hours = text[^1] switch
        {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            _ => 0,
        };
        time = TimeSpan.FromHours((double)hours * count);
        return time > TimeSpan.Zero && time <= Longest;
    }

    /// <summary>The same time is always the same text.</summary>
    public static string Format(TimeSpan time) => time.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.Days}d")
        : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}h");
}
