using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>The incidents that are open to the engine, and what people did about them: a view of the stored events.</summary>
/// <remarks>
/// Fed with every event that was stored, in order, once. What people do is not the engine's: it goes on along the journal as if
/// nobody had, so that a replay makes the same events, and this lays people's word over what it says. Thread-safe.
/// </remarks>
internal sealed class IncidentBook
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, KnownIncident> _open = new(StringComparer.Ordinal);

    public KnownIncident? Find(string incidentId)
    {
        lock (_gate)
        {
            return _open.GetValueOrDefault(incidentId);
        }
    }

    /// <summary>In no order.</summary>
    public IReadOnlyList<KnownIncident> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _open.Values];
            }
        }
    }

    /// <summary>Takes what was stored.</summary>
    public void Add(IEnumerable<DerivedEvent> events)
    {
        lock (_gate)
        {
            foreach (var stored in events.Where(e => e.CorrelationId is not null))
            {
                AddLocked(stored);
            }
        }
    }

    /// <summary>An incident's state with people's word on it: who acknowledged or resolved it, while the engine holds it to be open.</summary>
    public static ReadOnlyMemory<byte> Overlay(ReadOnlyMemory<byte> incident, IncidentAct act)
    {
        var word = act.Kind == ActKind.Acknowledged ? "acknowledged" : "resolved";
        return EventJson.With(
            incident,
            ("state", EventJson.Text(word)),
            (word + "_by", EventJson.Text(act.By)),
            (word + "_at", EventJson.Text(EventWriter.Iso(act.At))),
            ("comment", EventJson.Text(act.Comment)));
    }

    private void AddLocked(DerivedEvent stored)
    {
        var id = stored.CorrelationId!;
        var known = _open.GetValueOrDefault(id);
        switch (stored.Type)
        {
            case EventTypes.IncidentOpened or EventTypes.IncidentReopened:
                _open[id] = new KnownIncident(id, stored.Environment, stored.Json) { OpenedBy = stored.Id, SuspectedCause = known?.SuspectedCause };
                break;
            case EventTypes.IncidentUpdated when known is not null:
                _open[id] = known with { StateJson = stored.Json };
                break;
            case EventTypes.IncidentAcknowledged when known is not null:
                _open[id] = known with { StateJson = stored.Json, Act = ReadAct(stored.Json, ActKind.Acknowledged) };
                break;
            case EventTypes.IncidentResolved when known is not null && ReadAct(stored.Json, ActKind.Resolved) is { } act:
                _open[id] = known with { StateJson = stored.Json, Act = act };
                break;
            case EventTypes.IncidentResolved:
                _open.Remove(id);
                break;
            case EventTypes.RootCause when known is not null:
                _open[id] = known with { SuspectedCause = stored.Service };
                break;
            case EventTypes.AlertFiring or EventTypes.AlertUpdated when known is not null && AlertParser.TryParse(stored.Json, out var alert, out _):
                _open[id] = known with { AlertJson = stored.Json, Alert = alert };
                break;
        }
    }

    /// <summary>Null when the event does not say who did it: it is the engine's own.</summary>
    private static IncidentAct? ReadAct(ReadOnlyMemory<byte> json, ActKind kind)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var word = kind == ActKind.Acknowledged ? "acknowledged" : "resolved";
        return root.TryGetProperty(word + "_by", out var by) && by.ValueKind == JsonValueKind.String
            && root.TryGetProperty(word + "_at", out var at)
            && DateTimeOffset.TryParse(at.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new IncidentAct(kind, by.GetString()!, root.TryGetProperty("comment", out var comment) ? comment.GetString() : null, time)
            : null;
    }
}
