namespace Culprit.Server.Alerting.Setup;

/// <summary>One entry of <c>alerts:routes</c>. Routes are asked in order.</summary>
internal sealed class RouteOptions : MatcherOptions
{
    /// <summary>For people, and for <c>culprit alert test</c>. Default: none.</summary>
    public string? Name { get; set; }

    /// <summary>Names of the sinks that get what matches. Required.</summary>
    public List<string> Sinks { get; set; } = [];

    /// <summary>True: routes further down are asked too. Default false: the first match is the last.</summary>
    public bool Continue { get; set; }

    /// <summary>Such as <c>4h</c>: after so long without news its sinks are told again, while nobody has acknowledged it. Default: never.</summary>
    public string? Repeat { get; set; }

    /// <summary>Who is told as well when nobody has acknowledged it <c>after</c> so long.</summary>
    public List<EscalationOptions> Escalate { get; set; } = [];

    /// <summary>False: its sinks are not told of ends. Default true.</summary>
    public bool SendResolved { get; set; } = true;

    /// <summary>False: its alerts are sent also when they are only symptoms of another incident. Default true.</summary>
    public bool Inhibit { get; set; } = true;
}
