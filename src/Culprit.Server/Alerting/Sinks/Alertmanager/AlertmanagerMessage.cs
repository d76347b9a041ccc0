using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;

namespace Culprit.Server.Alerting.Sinks.Alertmanager;

/// <summary>Writes an alert as Alertmanager's API v2 takes it.</summary>
/// <remarks>
/// Labels are what an alert is known by, so only what never changes in an incident is one; severity and services, which grow, are annotations. An alert
/// that nobody repeats ends by itself there: its end is set <see cref="Lasting"/> ahead, and to the real one when the incident is resolved.
/// </remarks>
internal static class AlertmanagerMessage
{
    /// <summary>No incident is open for longer without an update.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromDays(7);

    private const int MaxText = 2000;
    private const int MaxName = 200;
    private const int MaxLines = 5;
    private const int MaxLine = 500;
    private const int MaxServices = 20;

    public static bool IsOwnLabel(string name) => name is "alertname" or "incident_id" or "environment" or "source";

    public static ReadOnlyMemory<byte> Write(Alert alert, AlertmanagerOptions options, DateTimeOffset now)
    {
        var started = alert.StartedAt is { } at && at < now ? at : now;
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStartObject();
            WriteLabels(json, alert, options);
            WriteAnnotations(json, alert, options);
            json.WriteString("startsAt", AlertText.Iso(started));
            json.WriteString("endsAt", AlertText.Iso(alert.Kind == AlertKind.Resolved ? End(alert, started, now) : now + Lasting));
            if (AlertText.IncidentLink(alert, options) is { } link)
            {
                json.WriteString("generatorURL", link);
            }

            json.WriteEndObject();
            json.WriteEndArray();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>It must be over, and have lasted, or Alertmanager takes it for firing or refuses it.</summary>
    private static DateTimeOffset End(Alert alert, DateTimeOffset started, DateTimeOffset now)
    {
        var end = alert.ResolvedAt is { } resolved && resolved < now ? resolved : now;
        return end > started.AddSeconds(1) ? end : started.AddSeconds(1);
    }

    private static void WriteLabels(Utf8JsonWriter json, Alert alert, AlertmanagerOptions options)
    {
        json.WriteStartObject("labels");
        json.WriteString("alertname", "CulpritIncident");
        json.WriteString("incident_id", TextCut.Key(alert.IncidentId, MaxName));
        if (!string.IsNullOrWhiteSpace(alert.Environment))
        {
            json.WriteString("environment", TextCut.Fit(AlertText.Name(alert.Environment), MaxName));
        }

        json.WriteString("source", "culprit");
        foreach (var (name, value) in options.Labels)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }

    private static void WriteAnnotations(Utf8JsonWriter json, Alert alert, AlertmanagerOptions options)
    {
        json.WriteStartObject("annotations");
        json.WriteString("summary", TextCut.Fit(AlertText.Unlinked(AlertText.Headline(alert, observed: true)), MaxText));
        json.WriteString("severity", alert.Severity.ToWire());
        json.WriteString("services", AlertText.Unlinked(TextCut.Names([.. alert.Services.Take(MaxServices).Select(AlertText.Name), .. alert.Services.Skip(MaxServices)], MaxServices)));
        foreach (var (label, text) in AlertText.Facts(alert))
        {
            json.WriteString(AlertText.Key(label), TextCut.Fit(AlertText.Unlinked(text), MaxText));
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, MaxLines))
        {
            json.WriteString(AlertText.Key(title), string.Join('\n', lines.Select(line => TextCut.Fit(AlertText.Unlinked(line), MaxLine))));
        }

        if (AlertText.RunbookLink(alert, options) is { } runbook)
        {
            json.WriteString("runbook_url", runbook);
        }

        json.WriteEndObject();
    }
}
