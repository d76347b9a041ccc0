using System.Text;

namespace Culprit.Engine.Records;

/// <summary>What the ending of a metric's name promises.</summary>
internal static class MetricName
{
    /// <summary>A metric of which there are several series: <c>name{series}</c>; the name alone when there is only one.</summary>
    public static string Of(string name, string series) => series.Length == 0 ? name : $"{name}{{{series}}}";

    /// <summary>The name without its series, which says what is measured.</summary>
    public static string Family(string metric)
    {
        var end = metric.IndexOf('{', StringComparison.Ordinal);
        return end < 0 ? metric : metric[..end];
    }

    /// <inheritdoc cref="IsCounter(ReadOnlySpan{byte})"/>
    public static bool IsCounter(string metric)
    {
        var end = metric.IndexOf('{', StringComparison.Ordinal);
        var name = end < 0 ? metric : metric.AsSpan(0, end);
        return name.EndsWith("_total", StringComparison.OrdinalIgnoreCase) || name.EndsWith("_count", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".count", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A counter only grows, so its steps are judged instead of its values.</summary>
    public static bool IsCounter(ReadOnlySpan<byte> utf8) =>
        EndsWith(utf8, "_total"u8) || EndsWith(utf8, "_count"u8) || EndsWith(utf8, ".count"u8);

    private static bool EndsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> ending) =>
        name.Length >= ending.Length && Ascii.EqualsIgnoreCase(name[^ending.Length..], ending);
}
