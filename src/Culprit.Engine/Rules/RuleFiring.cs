using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>A rule found what it looks for.</summary>
internal sealed record RuleFiring
{
    /// <summary>Type of the event that tells of a firing.</summary>
    public const string EventType = "rule.fired";

    /// <summary>Derives from rule, scope and the start of the window: the same in a replay.</summary>
    /// <remarks>Late records can complete the same window again; that firing then has the same id, and is ignored as a repetition.</remarks>
    public required string Id { get; init; }

    public required Rule Rule { get; init; }

    /// <summary>Fields and values that were counted together, such as <c>environment=production, service=api</c>.</summary>
    public required string ScopeKey { get; init; }

    /// <summary>The values of the scope's fields, by name.</summary>
    public required IReadOnlyDictionary<string, string> Fields { get; init; }

    public required string Environment { get; init; }

    /// <summary>Services of the evidence, the one with most of it first.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Records in the window; 1 without a threshold.</summary>
    public required long Count { get; init; }

    /// <summary>Event time of the first record in the window, Unix nanoseconds.</summary>
    public required long WindowStartNanos { get; init; }

    /// <summary>Event time of the last.</summary>
    public required long WindowEndNanos { get; init; }

    /// <summary>Records in the window, oldest first; at most 20.</summary>
    public required IReadOnlyList<RecordRef> Evidence { get; init; }

    /// <summary>Id of the event that completed it.</summary>
    public required string CausationId { get; init; }

    /// <summary>Of the event that completed it, else the firing's own id.</summary>
    public required string CorrelationId { get; init; }

    public string? TraceId { get; init; }

    /// <summary>The message of <see cref="Rule.Raise"/>, filled in.</summary>
    public string? Message { get; init; }

    /// <summary>The event of <see cref="Rule.Emit"/>.</summary>
    public CustomEvent? Emitted { get; init; }

    /// <summary>The anomaly that <see cref="Rule.Raise"/> asks for, or null.</summary>
    public Anomaly? ToAnomaly() => Rule.Raise is not { } raise ? null : new Anomaly
    {
        Id = ContentId.Of("rule-anomaly", Id),
        Type = raise.Type,
        Detector = "rule:" + Rule.Name,
        CausationId = Id,
        Environment = Environment,
        Services = Services,
        StartedAt = UnixNanos.ToTime(WindowStartNanos),
        DetectedAt = UnixNanos.ToTime(WindowEndNanos),
        Window = Rule.Threshold?.Window ?? TimeSpan.Zero,
        ErrorCount = Count,
        Expected = Rule.Threshold is { } threshold
            ? $"fewer than {threshold.Count} in {FilterText.Duration(threshold.Window)} (rule {Rule.Name})"
            : $"none (rule {Rule.Name})",
        Observed = Message ?? string.Empty,
        Evidence = Evidence,
    };

    /// <summary>The event of type <see cref="EventType"/> that stands between the cause and what follows from the firing.</summary>
    public CustomEvent ToEvent() => CustomEvent.Write(
        Id, EventType, Source, WindowEndNanos, Environment, Services[0], TraceId, CorrelationId, CausationId, json =>
        {
            json.WriteString("rule", Rule.Name);
            json.WriteString("environment", Environment);
            json.WriteStartArray("services");
            foreach (var service in Services)
            {
                json.WriteStringValue(service);
            }

            json.WriteEndArray();
            json.WriteString("scope", ScopeKey);
            json.WriteNumber("count", Count);
            json.WriteString("started_at", FilterText.Time(WindowStartNanos));
            json.WriteString("ended_at", FilterText.Time(WindowEndNanos));
            if (Rule.Raise is { } raise)
            {
                json.WriteString("severity", raise.Severity.ToWire());
                json.WriteString("message", Message);
            }

            json.WriteStartArray("event_ids");
            foreach (var reference in Evidence)
            {
                json.WriteStringValue(reference.Id);
            }

            json.WriteEndArray();
        });

    /// <summary>True when a replay made it once more: what its handler publishes is shown and not stored.</summary>
    public bool IsReplayed { get; init; }

    internal string Source => "culprit:rule:" + Rule.Name;
}
