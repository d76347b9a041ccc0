using System.Text.Json;
using Culprit.Engine.Evaluation;
using Culprit.Engine.Publishing;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;

namespace Culprit.Server.Evaluation;

/// <summary>Keeps what a backtest would have published: the findings, and the events themselves but for summaries.</summary>
internal sealed class BacktestLog
{
    public List<BacktestFinding> Findings { get; } = [];

    /// <summary>JSON of the events as on the wire, in the order in which they were made.</summary>
    public List<ReadOnlyMemory<byte>> Events { get; } = [];

    public void Add(IReadOnlyList<DerivedEvent> events)
    {
        foreach (var derived in events.Where(e => e.Type != EventTypes.Summary))
        {
            Events.Add(derived.Json);
            if (derived.Type is EventTypes.Anomaly or RuleFiring.EventType)
            {
                using var json = JsonDocument.Parse(derived.Json);
                if (derived.Type == EventTypes.Anomaly)
                {
                    Findings.Add(OfAnomaly(json.RootElement));
                }
                else if (!json.RootElement.TryGetProperty("message", out _))
                {
                    Findings.Add(OfRule(json.RootElement)); // One that raises something is told by its anomaly.
                }
            }
        }
    }

    private static BacktestFinding OfAnomaly(JsonElement json) => new(
        json.GetProperty("timestamp").GetDateTimeOffset(),
        json.GetProperty("detector").GetString()!,
        json.GetProperty("anomaly_type").GetString()!,
        json.GetProperty("environment").GetString()!,
        Texts(json.GetProperty("services")),
        json.GetProperty("observed").GetString()!,
        json.GetProperty("incident_id").GetString());

    private static BacktestFinding OfRule(JsonElement json) => new(
        json.GetProperty("timestamp").GetDateTimeOffset(),
        "rule:" + json.GetProperty("rule").GetString(),
        "-",
        json.GetProperty("environment").GetString()!,
        Texts(json.GetProperty("services")),
        $"{json.GetProperty("count").GetInt64()} records, {json.GetProperty("scope").GetString()}",
        null);

    private static List<string> Texts(JsonElement values) => [.. values.EnumerateArray().Select(v => v.GetString()!)];
}
