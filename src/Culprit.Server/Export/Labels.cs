using System.Diagnostics.Metrics;
using Culprit.Engine.Alerting;
using Culprit.Server.Printing;

namespace Culprit.Server.Export;

/// <summary>Label values from hostile text, and measurements with labels.</summary>
internal static class Labels
{
    /// <summary>Stands for everything beyond a limit of cardinality.</summary>
    public const string Other = "__other__";

    private const int MaxLength = 200;

    /// <summary>The text with control and invisible characters shown as escapes, cut to a length that every receiver takes.</summary>
    public static string Clean(string text) => TextCut.Fit(TerminalText.Visible(text), MaxLength);

    public static KeyValuePair<string, object?> Of(string name, string value) => new(name, value);

    public static Measurement<long> Measure(long value, string name, string text) => new(value, Of(name, text));
}
