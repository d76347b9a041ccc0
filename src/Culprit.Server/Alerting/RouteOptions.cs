namespace Culprit.Server.Alerting;

/// <summary>One entry of <c>alerts:routes</c>. Routes are asked in order.</summary>
internal sealed class RouteOptions
{
    /// <summary><c>low</c> (default), <c>medium</c>, <c>high</c> or <c>critical</c>: alerts below it pass by.</summary>
    public string MinSeverity { get; set; } = "low";

    /// <summary>Environments, with <c>*</c> for any text. Default: all.</summary>
    public List<string> Environments { get; set; } = [];

    /// <summary>Services, with <c>*</c> for any text; one of the alert's must match. Default: all.</summary>
    public List<string> Services { get; set; } = [];

    /// <summary>Names of the sinks that get what matches. Required.</summary>
    public List<string> Sinks { get; set; } = [];

    /// <summary>True: routes further down are asked too. Default false: the first match is the last.</summary>
    public bool Continue { get; set; }
}
