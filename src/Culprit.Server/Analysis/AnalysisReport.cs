using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analysis;

/// <summary>What a run over files found; built from the engine's events as they come.</summary>
internal sealed class AnalysisReport
{
    private readonly List<string> _order = [];
    private readonly Dictionary<string, IncidentFinding> _incidents = new(StringComparer.Ordinal);

    /// <summary>Records per environment and second-or-longer period, for totals and plots.</summary>
    public List<PeriodCount> Periods { get; } = [];

    /// <summary>In the order in which they were found.</summary>
    public IEnumerable<IncidentFinding> Incidents => _order.Select(id => _incidents[id]);

    public SortedDictionary<string, long> ByService { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> ByLevel { get; } = new(StringComparer.Ordinal);

    public void Add(IReadOnlyList<DerivedEvent> events)
    {
        foreach (var derived in events)
        {
            using var document = JsonDocument.Parse(derived.Json);
            var json = document.RootElement;
            switch (derived.Type)
            {
                case EventTypes.Summary:
                    Add(json);
                    break;
                case EventTypes.IncidentOpened or EventTypes.IncidentUpdated or EventTypes.IncidentReopened or EventTypes.IncidentAcknowledged or EventTypes.IncidentResolved:
                    Incident(derived).State = json.Clone();
                    break;
                case EventTypes.Anomaly:
                    Incident(derived).Anomalies.Add(json.Clone());
                    break;
                case EventTypes.RootCause:
                    Incident(derived).Cause = json.Clone();
                    break;
                case EventTypes.Analysis:
                    Incident(derived).Analysis = json.Clone();
                    break;
                default:
                    break;
            }
        }
    }

    private void Add(JsonElement summary)
    {
        long errors = 0;
        foreach (var level in summary.GetProperty("by_level").EnumerateObject())
        {
            var count = level.Value.GetInt64();
            ByLevel[level.Name] = ByLevel.GetValueOrDefault(level.Name) + count;
            errors += level.Name is "error" or "fatal" ? count : 0;
        }

        foreach (var service in summary.GetProperty("by_service").EnumerateObject())
        {
            ByService[service.Name] = ByService.GetValueOrDefault(service.Name) + service.Value.GetInt64();
        }

        Periods.Add(new PeriodCount(
            summary.GetProperty("period_start").GetDateTimeOffset(),
            summary.GetProperty("period_end").GetDateTimeOffset(),
            summary.GetProperty("total_logs").GetInt64(),
            errors));
    }

    private IncidentFinding Incident(DerivedEvent derived)
    {
        var id = derived.CorrelationId!;
        if (!_incidents.TryGetValue(id, out var incident))
        {
            incident = new IncidentFinding { Id = id };
            _incidents.Add(id, incident);
            _order.Add(id);
        }

        return incident;
    }
}

/// <summary>What was logged in one period of one environment.</summary>
internal sealed record PeriodCount(DateTimeOffset Start, DateTimeOffset End, long Records, long Errors);

/// <summary>One incident with its newest explanation.</summary>
internal sealed class IncidentFinding
{
    public required string Id { get; init; }

    /// <summary>The newest <c>incident.*</c> event.</summary>
    public JsonElement State { get; set; }

    /// <summary>Every <c>log.anomaly</c>, the first first.</summary>
    public List<JsonElement> Anomalies { get; } = [];

    /// <summary>The newest <c>log.root_cause</c>.</summary>
    public JsonElement Cause { get; set; }

    /// <summary>The newest <c>log.analysis</c>; undefined when no model looked at it.</summary>
    public JsonElement Analysis { get; set; }
}
