namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Reads the zone behind a time: <c>Z</c>, an offset, or one of the few names that mean one offset.</summary>
internal static class ZoneReader
{
    // Names that stand for several offsets (IST, CST in China) are left out: they read as UTC, as documented.
    private static readonly (byte[] Name, int Seconds)[] Names =
    [
        ("UTC"u8.ToArray(), 0), ("GMT"u8.ToArray(), 0),
        ("CET"u8.ToArray(), 3600), ("CEST"u8.ToArray(), 7200),
        ("EST"u8.ToArray(), -18_000), ("EDT"u8.ToArray(), -14_400),
        ("PST"u8.ToArray(), -28_800), ("PDT"u8.ToArray(), -25_200),
        ("JST"u8.ToArray(), 32_400),
    ];

    /// <summary>Moves behind the zone, if there is one.</summary>
    public static void Read(ReadOnlySpan<byte> text, ref int at, out int offsetSeconds)
    {
        offsetSeconds = 0;
        var from = at;
        if (from < text.Length && text[from] == (byte)' ')
        {
            from++;
        }

        if (from >= text.Length)
        {
            return;
        }

        switch (text[from])
        {
            case (byte)'Z' or (byte)'z' when IsEnd(text, from + 1):
                at = from + 1;
                break;
            case (byte)'+' or (byte)'-':
                ReadOffset(text, from, ref at, out offsetSeconds);
                break;
            case >= (byte)'A' and <= (byte)'Z':
                ReadName(text[from..], from, ref at, out offsetSeconds);
                break;
        }
    }

    private static void ReadOffset(ReadOnlySpan<byte> text, int from, ref int at, out int offsetSeconds)
    {
        offsetSeconds = 0;
        var end = from + 3;
        if (!ClockReader.TryNumber(text, from + 1, 2, out var hours) || hours > 23)
        {
            return;
        }

        var hasColon = end < text.Length && text[end] == (byte)':';
        if (ClockReader.TryNumber(text, hasColon ? end + 1 : end, 2, out var minutes))
        {
            end += hasColon ? 3 : 2;
        }

        if (minutes > 59 || !IsEnd(text, end))
        {
            return;
        }

        at = end;
        offsetSeconds = ((hours * 3600) + (minutes * 60)) * (text[from] == (byte)'-' ? -1 : 1);
    }

    private static void ReadName(ReadOnlySpan<byte> text, int from, ref int at, out int offsetSeconds)
    {
        offsetSeconds = 0;
        foreach (var (name, seconds) in Names)
        {
            if (text.StartsWith(name) && IsEnd(text, name.Length))
            {
                at = from + name.Length;
                offsetSeconds = seconds;
                return;
            }
        }
    }

    private static bool IsEnd(ReadOnlySpan<byte> text, int at) =>
        at >= text.Length || text[at] is (byte)' ' or (byte)'\t' or (byte)']' or (byte)'|' or (byte)':' or (byte)',' or (byte)')' or (byte)'"';
}
