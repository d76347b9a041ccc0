namespace Culprit.Server.Alerting.Setup;

/// <summary>One entry of <c>escalate</c> of a route.</summary>
internal sealed class EscalationOptions
{
    /// <summary>Such as <c>15m</c>, since the first alert of the incident for the route. Required.</summary>
    public string? After { get; set; }

    /// <summary>Names of the sinks that are told then. Required.</summary>
    public List<string> Sinks { get; set; } = [];
}
