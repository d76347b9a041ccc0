using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting;

/// <summary>Gives an alert up for one sink: a dead letter, a count, a log line, and a notice on the console.</summary>
internal sealed partial class Surrender(
    IStateStore state, AlertSignal signal, AlertMetrics metrics, TimeProvider clock, ILogger<Surrender> logger)
{
    /// <summary>Type of the notice. Not an event: it tells of this server, not of what it watches, and only the console gets it.</summary>
    public const string NoticeType = "alert.undelivered";

    public async Task GiveUpAsync(OutboxItem alert, string reason)
    {
        var now = clock.GetUtcNow();
        var letter = new DeadLetter(
            $"{alert.Id}:{alert.Sink}", now, $"{alert.Sink} did not get the alert: {reason}", alert.Json[..Math.Min(alert.Json.Length, DeadLetter.MaxRawBytes)])
        {
            Kind = DeadLetterKinds.Alert,
            Tries = alert.Attempts + 1,
            EventId = alert.Id,
        };

        // Nobody is left to tell when the console itself does not take it.
        var notice = alert.Sink == AlertSettings.Console ? null : Notice(alert, reason, now);

        // Not cancelled by a shutdown: what was decided about a delivery is written down.
        await state.GiveUpAsync(alert.Id, alert.Sink, letter, notice, CancellationToken.None).ConfigureAwait(false);
        metrics.CountGivenUp(alert.Sink, alert.Id);
        GaveUp(alert.Sink, alert.Id, alert.IncidentId, reason);
        signal.Wake();
    }

    /// <remarks>One an hour and sink: a receiver that refuses everything must not drown what the console is for.</remarks>
    private static OutboxItem Notice(OutboxItem alert, string reason, DateTimeOffset now)
    {
        var id = ContentId.Of("undelivered", alert.Sink, now.UtcDateTime.ToString("yyyy-MM-ddTHH", CultureInfo.InvariantCulture));
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", NoticeType);
            json.WriteString("source", "culprit");
            json.WriteString("timestamp", now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
            json.WriteString("sink", alert.Sink);
            json.WriteString("alert_id", alert.Id);
            json.WriteString("incident_id", alert.IncidentId);
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }

        return new OutboxItem(id, AlertSettings.Console, "undelivered:" + alert.Sink, buffer.WrittenMemory, 0);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Alert {Alert} of incident {Incident} will not reach sink {Sink}; it is in the dead letters: {Reason}")]
    private partial void GaveUp(string sink, string alert, string incident, string reason);
}
