namespace Culprit.Engine.Records;

/// <summary>Event time as Unix nanoseconds, the form in which the hot path carries it.</summary>
internal static class UnixNanos
{
    public const long PerSecond = 1_000_000_000;
    public const long PerTick = 100;

    public static long From(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * PerTick;

    public static long From(TimeSpan span) => span.Ticks * PerTick;

    /// <summary>Precision below 100 ns is dropped; a time outside what .NET can name is clamped.</summary>
    public static DateTimeOffset ToTime(long nanos) =>
        DateTimeOffset.UnixEpoch.AddTicks(Math.DivRem(nanos, PerTick, out var rest) - (rest < 0 ? 1 : 0));
}
