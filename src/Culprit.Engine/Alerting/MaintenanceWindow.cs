namespace Culprit.Engine.Alerting;

/// <summary>A time, once or every week, in which alerts are held back: what is worked on is no surprise.</summary>
/// <param name="Name">For people.</param>
/// <param name="Match">Must cover all of an alert: <see cref="AlertMatcher.Covers"/>.</param>
internal abstract record MaintenanceWindow(string Name, AlertMatcher Match)
{
    /// <summary>When the window that is open at a time closes; null when none is.</summary>
    public abstract DateTimeOffset? EndAt(DateTimeOffset now);
}

/// <summary>One that happens once.</summary>
internal sealed record OneMaintenance(string Name, AlertMatcher Match, DateTimeOffset StartsAt, DateTimeOffset EndsAt)
    : MaintenanceWindow(Name, Match)
{
    public override DateTimeOffset? EndAt(DateTimeOffset now) => StartsAt <= now && now < EndsAt ? EndsAt : null;
}

/// <summary>One that comes back on days of the week, by the clock on the wall of a place.</summary>
/// <remarks>
/// It begins when the wall clock shows the time, and lasts as long as it lasts: a night in which the clock is set does not make it longer or
/// shorter. When the clock jumps over the time, it begins at the jump; when the clock shows the time twice, it begins at the first.
/// </remarks>
/// <param name="Days">On which it begins.</param>
/// <param name="Start">By the wall clock.</param>
/// <param name="Duration">At most 7 days.</param>
internal sealed record WeeklyMaintenance(
    string Name, AlertMatcher Match, IReadOnlyList<DayOfWeek> Days, TimeOnly Start, TimeSpan Duration, TimeZoneInfo Zone)
    : MaintenanceWindow(Name, Match)
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public override DateTimeOffset? EndAt(DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Zone).DateTime);
        DateTimeOffset? end = null;
        for (var back = 0; back <= Longest.TotalDays + 1; back++)
        {
            var day = today.AddDays(-back);
            if (Days.Contains(day.DayOfWeek) && Begin(day) is var begin && begin <= now && now < begin + Duration && !(end >= begin + Duration))
            {
                end = begin + Duration;
            }
        }

        return end;
    }

    private DateTimeOffset Begin(DateOnly day)
    {
        var wall = day.ToDateTime(Start);
        if (Zone.IsInvalidTime(wall))
        {
            // The wall clock jumps over it: with the offset from before the jump it is the moment at which it would have been.
            var before = Zone.GetUtcOffset(wall.AddHours(-3));
            return JumpAfter(new DateTimeOffset(wall.AddHours(-3), before));
        }

        var offset = Zone.IsAmbiguousTime(wall) ? Zone.GetAmbiguousTimeOffsets(wall).Max() : Zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset);
    }

    /// <summary>The first whole minute after a time at which the offset is another.</summary>
    private DateTimeOffset JumpAfter(DateTimeOffset time)
    {
        var offset = Zone.GetUtcOffset(time);
        while (Zone.GetUtcOffset(time) == offset)
        {
            time = time.AddMinutes(1);
        }

        return time;
    }
}
