using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.Querying;
using Culprit.Server.RootCause.Learning;

namespace Culprit.Server.Reporting;

/// <summary>Gathers an incident's report from both stores.</summary>
internal sealed class IncidentReportReader(IStateStore state, IRecordStore records, EventLookup lookup, EventJsonWriter writer, KnownCauseBook book)
{
    private const int MaxEvents = 1000;
    private const int MaxLines = 40;
    private const int MaxChanges = 50;

    /// <summary>Changes before the start that are listed.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromHours(2);

    /// <summary>The report of the incident with that id; null when there is none.</summary>
    public async Task<IncidentReport?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var events = await EventsAsync(id, cancellationToken).ConfigureAwait(false);
        if (Gather(events) is not { } finding)
        {
            return null;
        }

        var lines = await ReadLinesAsync(finding, cancellationToken).ConfigureAwait(false);
        return new IncidentReport(
            finding,
            Timeline([.. events.OrderBy(e => e.TimestampNanos)]),
            lines,
            await ReadChangesAsync(finding, cancellationToken).ConfigureAwait(false))
        {
            Known = finding.Anomalies.Count == 0
                ? null
                : await book.MatchAsync(KnownCauseReader.SignatureOf(finding), id, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Every event of the incident in the order of writing.</summary>
    public async Task<IReadOnlyList<DerivedEvent>> EventsAsync(string id, CancellationToken cancellationToken)
    {
        var rows = await state.FindAsync(new DerivedQuery { CorrelationId = id, Limit = MaxEvents, OldestFirst = true }, cancellationToken).ConfigureAwait(false);
        return [.. rows.OrderBy(r => r.Row).Select(r => r.Event)];
    }

    /// <summary>What the events say about their incident; null when none of them is of an incident.</summary>
    public static IncidentFinding? Gather(IReadOnlyList<DerivedEvent> events)
    {
        var gathered = new AnalysisReport();
        gathered.Add(events);
        return gathered.Incidents.FirstOrDefault() is { State.ValueKind: JsonValueKind.Object } finding ? finding : null;
    }

    /// <summary>State, anomalies and newest explanation alone; null when there is no such incident.</summary>
    public async Task<IncidentFinding?> FindAsync(string id, CancellationToken cancellationToken) =>
        Gather(await EventsAsync(id, cancellationToken).ConfigureAwait(false));

    private async Task<Dictionary<string, ReportLine>> ReadLinesAsync(IncidentFinding finding, CancellationToken cancellationToken)
    {
        var lines = new Dictionary<string, ReportLine>(StringComparer.Ordinal);
        foreach (var id in CitedIds(finding).Distinct(StringComparer.Ordinal).Take(MaxLines))
        {
            if (await lookup.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                continue; // Past its retention.
            }

            using var json = JsonDocument.Parse(found.Json);
            if (JsonFields.Text(json.RootElement, "message") is { Length: > 0 } message)
            {
                lines[id] = new ReportLine(
                    id, json.RootElement.GetProperty("timestamp").GetDateTimeOffset(), JsonFields.Text(json.RootElement, "service"), JsonFields.Text(json.RootElement, "level"), message);
            }
        }

        return lines;
    }

    /// <summary>Evidence of the explanation first, then the errors that the anomalies counted.</summary>
    private static IEnumerable<string> CitedIds(IncidentFinding finding)
    {
        if (finding.Cause.ValueKind == JsonValueKind.Object)
        {
            foreach (var hypothesis in finding.Cause.GetProperty("hypotheses").EnumerateArray())
            {
                foreach (var item in hypothesis.GetProperty("for").EnumerateArray().Concat(hypothesis.GetProperty("against").EnumerateArray()))
                {
                    foreach (var id in item.GetProperty("record_ids").EnumerateArray())
                    {
                        yield return id.GetString()!;
                    }
                }
            }
        }

        foreach (var id in finding.Anomalies.SelectMany(a => a.GetProperty("error_ids").EnumerateArray()))
        {
            yield return id.GetString()!;
        }
    }

    private async Task<List<ReportChange>> ReadChangesAsync(IncidentFinding finding, CancellationToken cancellationToken)
    {
        var from = finding.State.GetProperty("started_at").GetDateTimeOffset() - Before;
        var to = finding.State.GetProperty("last_seen_at").GetDateTimeOffset();
        var found = await records.FindAsync(
            new RecordQuery
            {
                Types = ["change"],
                Environment = JsonFields.Text(finding.State, "environment"),
                FromNanos = UnixNanos.From(from),
                ToNanos = UnixNanos.From(to) + 1,
                Limit = MaxChanges,
            },
            cancellationToken).ConfigureAwait(false);
        var blamed = Blamed(finding.Cause);
        return [.. found.OrderBy(r => r.TimestampNanos).ThenBy(r => r.Sequence).Select(r => ToChange(r, blamed)).Concat(Seen(finding.Cause, blamed)).OrderBy(c => c.At)];
    }

    /// <summary>Changes that nobody reported: the services' own lines told the engine of them.</summary>
    private static IEnumerable<ReportChange> Seen(JsonElement cause, Dictionary<string, double> blamed) =>
        cause.ValueKind == JsonValueKind.Object && cause.TryGetProperty("changes_seen", out var seen)
            ? seen.EnumerateArray().Select(c => new ReportChange(
                JsonFields.Text(c, "change_id"), c.GetProperty("at").GetDateTimeOffset(), JsonFields.Text(c, "service"),
                JsonFields.Text(c, "kind") + ", seen in logs", JsonFields.Text(c, "message"), VerdictOf(JsonFields.Text(c, "change_id"), blamed)))
            : [];

    private static string VerdictOf(string id, Dictionary<string, double> blamed) => blamed.TryGetValue(id, out var confidence)
        ? string.Create(CultureInfo.InvariantCulture, $"blamed ({confidence:0.00})")
        : "not blamed";

    private ReportChange ToChange(StoredRecord record, Dictionary<string, double> blamed)
    {
        using var fields = JsonDocument.Parse(record.Attributes.Length == 0 ? "{}" : record.Attributes);
        var id = ChangeIdOf(fields.RootElement) is { Length: > 0 } named ? named : writer.IdOf(record);
        return new ReportChange(
            id,
            UnixNanos.ToTime(record.TimestampNanos),
            record.Service,
            JsonFields.Text(fields.RootElement, "kind"),
            record.Body,
            VerdictOf(id, blamed));
    }

    /// <summary>The id that a change's sender gave it; empty for none.</summary>
    /// <param name="fields">Of its record.</param>
    public static string ChangeIdOf(JsonElement fields) =>
        JsonFields.Text(fields, "sha") is { Length: > 0 } sha ? sha : JsonFields.Text(fields, "change_id");

    private static Dictionary<string, double> Blamed(JsonElement cause)
    {
        var blamed = new Dictionary<string, double>(StringComparer.Ordinal);
        if (cause.ValueKind == JsonValueKind.Object && !cause.GetProperty("abstained").GetBoolean())
        {
            foreach (var hypothesis in cause.GetProperty("hypotheses").EnumerateArray())
            {
                if (JsonFields.Text(hypothesis, "change_id") is { Length: > 0 } change)
                {
                    blamed.TryAdd(change, hypothesis.GetProperty("confidence").GetDouble());
                }
            }
        }

        return blamed;
    }

    private static List<TimelineEntry> Timeline(IReadOnlyList<DerivedEvent> events)
    {
        var timeline = new List<TimelineEntry>();
        string? suspected = null;
        foreach (var derived in events)
        {
            using var document = JsonDocument.Parse(derived.Json);
            var json = document.RootElement;
            var at = json.GetProperty("timestamp").GetDateTimeOffset();
            switch (derived.Type)
            {
                case EventTypes.Anomaly:
                    timeline.Add(new TimelineEntry(json.GetProperty("started_at").GetDateTimeOffset(), "first sign: " + JsonFields.Text(json, "observed")));
                    timeline.Add(new TimelineEntry(at, $"found by {JsonFields.Text(json, "detector")}: {JsonFields.Text(json, "observed")}; expected {JsonFields.Text(json, "expected")}"));
                    break;
                case EventTypes.IncidentOpened:
                    timeline.Add(new TimelineEntry(at, "incident opened, severity " + JsonFields.Text(json, "severity")));
                    break;
                case EventTypes.IncidentResolved:
                    timeline.Add(new TimelineEntry(at, "incident resolved"));
                    break;
                case EventTypes.RootCause when JsonFields.Text(json, "root_cause") != suspected:
                    suspected = JsonFields.Text(json, "root_cause");
                    timeline.Add(new TimelineEntry(at, string.Create(
                        CultureInfo.InvariantCulture, $"explained: {suspected} (confidence {json.GetProperty("confidence").GetDouble():0.00})")));
                    break;
                default:
                    break;
            }
        }

        return [.. timeline.OrderBy(e => e.At).DistinctBy(e => (e.At, e.Text))];
    }
}
