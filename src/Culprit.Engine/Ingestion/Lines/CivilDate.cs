namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Days of the Gregorian calendar, counted from 1970-01-01.</summary>
internal static class CivilDate
{
    public const long NanosPerDay = 86_400L * 1_000_000_000;

    // Years whose nanoseconds fit 64 bits with room to spare for an offset.
    public const int MinYear = 1678;
    public const int MaxYear = 2261;

    public static bool IsValid(int year, int month, int day) =>
        month is >= 1 and <= 12 && day >= 1 && day <= DaysIn(year, month);

    // Howard Hinnant's days_from_civil: exact over the proleptic Gregorian calendar, without a table.
    public static long ToDays(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = (y >= 0 ? y : y - 399) / 400;
        var yearOfEra = y - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (era * 146_097L) + dayOfEra - 719_468;
    }

    public static int YearOf(long nanos)
    {
        var days = FloorDays(nanos);
        var year = (int)(1970 + (days / 366));
        while (ToDays(year + 1, 1, 1) <= days)
        {
            year++;
        }

        while (ToDays(year, 1, 1) > days)
        {
            year--;
        }

        return year;
    }

    public static long FloorDays(long nanos) => nanos >= 0 ? nanos / NanosPerDay : ((nanos + 1) / NanosPerDay) - 1;

    private static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };
}
