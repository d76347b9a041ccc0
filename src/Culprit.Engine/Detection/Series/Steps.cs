using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Series;

/// <summary>The grain of counted time: five seconds of event time, numbered from the Unix epoch.</summary>
internal static class Steps
{
    public const int Seconds = 5;
    public const int PerMinute = 60 / Seconds;
    public const int PerDay = 24 * 60 * PerMinute;
    public const long Nanos = Seconds * UnixNanos.PerSecond;

    public static long OfSecond(long second) => second / Seconds;

    public static long OfNanos(long nanos) => nanos / Nanos;

    /// <summary>Unix nanoseconds at which a step begins.</summary>
    public static long Start(long step) => step * Nanos;
}
