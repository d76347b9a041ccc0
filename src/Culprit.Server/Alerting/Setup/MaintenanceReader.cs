using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Engine.Filtering;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Reads <c>alerts:maintenance</c>.</summary>
internal static class MaintenanceReader
{
    private const string Keys = "name, " + MatcherReader.Keys + ", startsAt, endsAt, days, time, duration, zone";
    private const int MaxName = 100;

    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    public static List<MaintenanceWindow> Read(IConfigurationSection section, List<string> mistakes) =>
        [.. section.GetChildren().OrderBy(RouteReader.Position).Select(w => ReadOne(w, mistakes)).OfType<MaintenanceWindow>()];

    private static MaintenanceWindow? ReadOne(IConfigurationSection section, List<string> mistakes)
    {
        var options = new MaintenanceOptions();
        var match = MatcherReader.Bind(section, options, Keys, mistakes);
        if (options.Name.Trim().Length is 0 or > MaxName || options.Name.Any(char.IsControl))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:name", options.Name, $"1 to {MaxName} characters"));
        }

        var isOnce = options.StartsAt is not null || options.EndsAt is not null;
        if (isOnce == (options.Days.Count > 0 || options.Time is not null || options.Duration is not null))
        {
            mistakes.Add($"{section.Path}: give either startsAt and endsAt, or days, time and duration.");
            return null;
        }

        return isOnce ? ReadOnce(options, match, section.Path, mistakes) : ReadWeekly(options, match, section.Path, mistakes);
    }

    private static OneMaintenance ReadOnce(MaintenanceOptions options, AlertMatcher match, string path, List<string> mistakes)
    {
        var start = Moment($"{path}:startsAt", options.StartsAt, mistakes);
        var end = Moment($"{path}:endsAt", options.EndsAt, mistakes);
        if (end <= start)
        {
            mistakes.Add(SectionBinder.NotAllowed($"{path}:endsAt", options.EndsAt ?? "", "a time after startsAt"));
        }

        if (options.Zone is not null)
        {
            mistakes.Add($"{path}:zone: goes with days; startsAt and endsAt have an offset of their own.");
        }

        return new OneMaintenance(options.Name, match, start ?? default, end ?? default);
    }

    private static WeeklyMaintenance ReadWeekly(MaintenanceOptions options, AlertMatcher match, string path, List<string> mistakes)
    {
        var days = new List<DayOfWeek>();
        foreach (var word in options.Days)
        {
            var day = Array.IndexOf(DayNames, word.ToLowerInvariant());
            if (day < 0 && word != "daily")
            {
                mistakes.Add(SectionBinder.NotAllowed($"{path}:days", word, "mon, tue, wed, thu, fri, sat, sun or daily"));
            }

            days.AddRange(word == "daily" ? Enum.GetValues<DayOfWeek>() : day >= 0 ? [(DayOfWeek)day] : []);
        }

        if (options.Days.Count == 0)
        {
            mistakes.Add($"{path}:days: name at least one of mon, tue, wed, thu, fri, sat, sun, or daily.");
        }

        if (!TimeOnly.TryParseExact(options.Time, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{path}:time", options.Time ?? "", "a time of day such as \"22:30\", in quotes"));
        }

        if (!FilterText.TryParseDuration(options.Duration, out var duration) || duration > WeeklyMaintenance.Longest || duration < TimeSpan.FromMinutes(1))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{path}:duration", options.Duration ?? "", "1m to 7d, such as 90m or 2h"));
        }

        return new WeeklyMaintenance(options.Name, match, days, time, duration, Zone($"{path}:zone", options.Zone ?? "UTC", mistakes));
    }

    private static TimeZoneInfo Zone(string key, string name, List<string> mistakes)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        mistakes.Add(SectionBinder.NotAllowed(key, name, "a name of the IANA time zone data base that this machine has, such as Europe/Berlin"));
        return TimeZoneInfo.Utc;
    }

    private static DateTimeOffset? Moment(string key, string? text, List<string> mistakes)
    {
        // Without an offset it would depend on the machine which moment is meant.
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && (text!.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal)))
        {
            return time;
        }

        mistakes.Add(SectionBinder.NotAllowed(key, text ?? "", "an ISO 8601 time with its offset, such as 2026-12-01T22:00:00+01:00"));
        return null;
    }
}
