using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>An alert that is due for a sink, and all that decides whether it is sent.</summary>
internal sealed record AlertQuestion(Alert Alert, string Sink, DateTimeOffset Now)
{
    /// <summary>What became of the incident's alerts, for all sinks, in order; null when the store cannot tell at the moment.</summary>
    public IReadOnlyList<AlertDelivery>? Deliveries { get; init; }

    /// <summary>What people did last about the incident since it was opened; null for nothing, or when it is over.</summary>
    public IncidentAct? Act { get; init; }

    /// <summary>The engine does not hold the incident to be open.</summary>
    public bool IsOver { get; init; }

    /// <summary>The routes by which the sink may be told.</summary>
    public IReadOnlyList<AlertRoute> Routes { get; init; } = [];

    /// <summary>Open incidents of which this one may only be a symptom, and of which the sink was told.</summary>
    public IReadOnlyList<KnownIncident> Causes { get; init; } = [];

    /// <summary>Those that have ended, or not begun, too.</summary>
    public IReadOnlyList<Silence> Silences { get; init; } = [];

    /// <summary>Closed ones too.</summary>
    public IReadOnlyList<MaintenanceWindow> Maintenance { get; init; } = [];
}
