using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Printing;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>The words about an alert that all sinks share. Everything is made visible, nothing is escaped for a receiver.</summary>
internal static class AlertText
{
    /// <summary>Enough for any list of services that a person reads.</summary>
    private const int NamesShown = 5;

    /// <summary>More of one text than any message shows; bounds the work on hostile ones.</summary>
    public const int Longest = 8192;

    private const int LongestName = 256;

    /// <summary>One line: how bad, what, where. Without <paramref name="observed"/> it says nothing that could quote a log beyond names.</summary>
    public static string Headline(Alert alert, bool observed)
    {
        var word = alert.Kind switch
        {
            AlertKind.Firing => alert.IsReminder ? "Still firing: " : "",
            AlertKind.Updated => "Update: ",
            AlertKind.Acknowledged => "Acknowledged: ",
            AlertKind.Resolved => "Resolved: ",
            _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
        };
        var services = alert.Services.Count > 0
            ? ": " + TextCut.Names([.. alert.Services.Take(NamesShown).Select(Name), .. alert.Services.Skip(NamesShown)], NamesShown)
            : "";
        var where = alert.Environment.Length > 0 ? $" in {Name(alert.Environment)}" : "";
        var what = Name(alert.AnomalyType ?? "incident");
        var detail = observed && alert.Observed is { Length: > 0 } text ? $": {Line(text)}" : "";
        return $"{word}{alert.Severity.ToWire().ToUpperInvariant()} {what}{where}{services}{detail}";
    }

    /// <summary>The text on one line.</summary>
    public static string Line(string text) => TerminalText.Visible(TextCut.Fit(text, Longest).ReplaceLineEndings(" "));

    /// <summary>The name on one line, and no longer than names are.</summary>
    public static string Name(string name) => Line(TextCut.Fit(name, LongestName));

    /// <summary>Breaks addresses up, for receivers that make links of them by themselves.</summary>
    public static string Unlinked(string text) => text
        .Replace("://", "[:]//", StringComparison.Ordinal)
        .Replace("www.", "www[.]", StringComparison.OrdinalIgnoreCase)
        .Replace("mailto:", "mailto[:]", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text with its lines kept.</summary>
    public static string Lines(string text) => string.Join(
        '\n', TextCut.Fit(text, Longest).ReplaceLineEndings("\n").Split('\n').Select(line => TerminalText.Visible(line.Replace('\t', ' '))));

    /// <summary>What is known, each with its label, in the order in which it helps; hostile text included.</summary>
    public static IEnumerable<(string Label, string Text)> Facts(Alert alert)
    {
        if (Known(alert.Observed) is { } observed)
        {
            yield return ("Observed", Known(alert.Expected) is { } expected ? $"{Lines(observed)} (expected: {Lines(expected)})" : Lines(observed));
        }

        if (Known(alert.RootCause) is { } cause)
        {
            var confidence = alert.Confidence is { } sure
                ? string.Create(CultureInfo.InvariantCulture, $" (confidence {sure:0.##})")
                : "";
            yield return ("Root cause", Lines(cause) + confidence);
        }

        if (Known(alert.Explanation) is { } explanation)
        {
            yield return ("Explanation", Lines(explanation));
        }

        if (Known(alert.KnownCause) is { } known)
        {
            yield return ("Known", Lines(known));
        }

        if (Known(alert.RecommendedAction) is { } action)
        {
            yield return ("What to do", Lines(action));
        }

        if (Known(alert.Runbook) is { } runbook)
        {
            yield return ("Runbook", Line(runbook));
        }

        if (alert.StartedAt is { } started)
        {
            var end = alert.ResolvedAt is { } resolved ? $", resolved {Iso(resolved)}" : "";
            yield return ("Started", Iso(started) + end);
        }
    }

    /// <summary>The log lines worth showing, each on one line, under a title for every group; nothing when the alert only tells of an end.</summary>
    /// <param name="max">Lines of one group; of those before the onset the last ones.</param>
    public static IEnumerable<(string Title, IReadOnlyList<string> Lines)> Quotes(Alert alert, int max)
    {
        if (alert.Kind is not (AlertKind.Firing or AlertKind.Updated))
        {
            yield break;
        }

        if (alert.LinesBefore.Count > 0)
        {
            yield return ("Lines before", [.. alert.LinesBefore.TakeLast(max).Select(Show)]);
        }

        if (alert.Lines.Count > 0)
        {
            yield return ("Lines at the onset", [.. alert.Lines.Take(max).Select(Show)]);
        }
        else if (alert.SampleMessages.Count > 0)
        {
            yield return ("Sample messages", [.. alert.SampleMessages.Take(max).Select(Line)]);
        }
    }

    /// <summary>The label as the name of a field.</summary>
    public static string Key(string label) => label.ToLowerInvariant().Replace(' ', '_');

    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The address of the incident's page, when one is configured. A notice about a sink has none.</summary>
    public static string? IncidentLink(Alert alert, SinkOptions options) => alert.FailingSink is not null ? null :
        options.IncidentUrl?.Replace("{id}", Uri.EscapeDataString(TextCut.Key(alert.IncidentId, 512)), StringComparison.Ordinal);

    /// <summary>The address of the runbook, when one is configured and the alert names a file that stays below it.</summary>
    public static string? RunbookLink(Alert alert, SinkOptions options) =>
        Known(alert.Runbook) is { Length: <= 512 } path && !path.Split('/').Any(part => part is "" or "." or "..")
            ? options.RunbookUrl?.Replace(
                "{path}", string.Join('/', path.Split('/').Select(part => Uri.EscapeDataString(part))), StringComparison.Ordinal)
            : null;

    private static string Show(AlertLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"{line.At.UtcDateTime:HH:mm:ss} {(line.Level.Length > 0 ? Name(line.Level).ToUpperInvariant() + " " : "")}{Name(line.Service)}: {Line(line.Text)}");

    private static string? Known(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
