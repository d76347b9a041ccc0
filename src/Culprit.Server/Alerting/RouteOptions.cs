namespace Culprit.Server.Alerting;

/// <summary>One entry of <c>alerts:routes</c>. Routes are asked in order.</summary>
internal sealed class RouteOptions : MatcherOptions
{
    /// <summary>For people, and for <c>culprit alert test</c>. Default: none.</summary>
    public string? Name { get; set; }

    /// <summary>Names of the sinks that get what matches. Required.</summary>
    public List<string> Sinks { get; set; } = [];

    /// <summary>True: routes further down are asked too. Default false: the first match is the last.</summary>
    public bool Continue { get; set; }
}
