namespace Culprit.Engine.Patterns;

/// <summary>The units that may follow a number, with or without a space.</summary>
internal static class Units
{
    private const int MaxLength = 12;

    private static readonly HashSet<string> Names = new(
        [
            "B", "b", "byte", "bytes", "Bytes", "bit", "bits", "KB", "kB", "kb", "Kb", "KiB", "MB", "Mb", "mb", "MiB", "GB", "Gb", "gb", "GiB", "TB", "TiB",
            "PB", "PiB", "K", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "ns", "us", "µs", "μs", "ms", "msec", "msecs", "s", "sec", "secs", "second", "seconds",
            "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "%", "percent", "nanosecond",
            "nanoseconds", "microsecond", "microseconds", "millisecond", "milliseconds", "MILLISECONDS", "SECONDS", "millis", "nanos", "micros", "Hz", "MHz", "GHz", "kHz",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<ulong> Hashes = [.. Names.Select(n => Hash64.Of(System.Text.Encoding.UTF8.GetBytes(n)))];

    /// <summary>A unit that stands as a word of its own; of the single letters only those that are rarely anything else.</summary>
    public static bool IsUnitWord(ReadOnlySpan<byte> word) =>
        word.Length > 1 ? IsUnit(word) : word.Length == 1 && word[0] is (byte)'B' or (byte)'s' or (byte)'%';

    public static bool IsUnit(ReadOnlySpan<byte> word) => word.Length <= MaxLength && Hashes.Contains(Hash64.Of(word));
}
