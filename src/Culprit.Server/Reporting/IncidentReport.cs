using System.Text.Json;
using Culprit.Engine.RootCause.Learning;
using Culprit.Server.Analysis;

namespace Culprit.Server.Reporting;

/// <summary>All that is known of one incident, in the order in which a reader asks for it.</summary>
/// <param name="Finding">Newest state, anomalies, newest explanation.</param>
/// <param name="Timeline">What happened when, oldest first.</param>
/// <param name="Lines">Records that the explanation cites, by id.</param>
/// <param name="Changes">Changes shortly before the incident or during it, oldest first.</param>
internal sealed record IncidentReport(
    IncidentFinding Finding,
    IReadOnlyList<TimelineEntry> Timeline,
    IReadOnlyDictionary<string, ReportLine> Lines,
    IReadOnlyList<ReportChange> Changes)
{
    /// <summary>What people confirmed for incidents like it; null for nothing.</summary>
    public KnownCause? Known { get; init; }

    public JsonElement State => Finding.State;

    public JsonElement Cause => Finding.Cause;
}

/// <summary>One moment of an incident.</summary>
/// <param name="Text">In words; holds text from logs only where <see cref="IncidentReportReader"/> quotes it.</param>
internal sealed record TimelineEntry(DateTimeOffset At, string Text);

/// <summary>One record that is cited as evidence.</summary>
internal sealed record ReportLine(string Id, DateTimeOffset At, string Service, string Level, string Message)
{
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{At.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff} {Level,-5} {Service}: {Message}");
}

/// <summary>One change near the incident.</summary>
/// <param name="Verdict">Whether it is blamed, and how surely.</param>
internal sealed record ReportChange(string Id, DateTimeOffset At, string Service, string Kind, string Message, string Verdict);
