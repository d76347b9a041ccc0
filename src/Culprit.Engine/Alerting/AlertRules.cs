namespace Culprit.Engine.Alerting;

/// <summary>What the configuration says of who is told what, and when.</summary>
internal sealed record AlertRules(AlertRouter Router)
{
    public IReadOnlyList<MaintenanceWindow> Maintenance { get; init; } = [];
}
