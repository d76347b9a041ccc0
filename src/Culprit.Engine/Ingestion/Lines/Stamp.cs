namespace Culprit.Engine.Ingestion.Lines;

/// <summary>How much of a moment a line names.</summary>
internal enum StampKind : byte
{
    None = 0,

    /// <summary>Date, year and time.</summary>
    Complete,

    /// <summary>Month, day and time: RFC 3164, klog, logcat.</summary>
    NoYear,

    /// <summary>Time of day only: many consoles.</summary>
    TimeOnly,
}

/// <summary>The moment that a line names, as far as it names it.</summary>
/// <param name="Nanos">
/// Complete: Unix nanoseconds. NoYear: nanoseconds of the day. TimeOnly: nanoseconds of the day.
/// </param>
/// <param name="Month">1 to 12 for NoYear.</param>
/// <param name="Day">1 to 31 for NoYear.</param>
internal readonly record struct Stamp(StampKind Kind, long Nanos, byte Month = 0, byte Day = 0);
