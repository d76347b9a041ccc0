namespace Culprit.Server.Alerting.Setup;

/// <summary>One entry of <c>alerts:maintenance</c>: once by <c>startsAt</c> and <c>endsAt</c>, or every week by <c>days</c>, <c>time</c>, <c>duration</c> and <c>zone</c>.</summary>
internal sealed class MaintenanceOptions : MatcherOptions
{
    /// <summary>For people; alerts that it holds back say it. Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>ISO 8601, with an offset or <c>Z</c>.</summary>
    public string? StartsAt { get; set; }

    /// <summary>ISO 8601, with an offset or <c>Z</c>.</summary>
    public string? EndsAt { get; set; }

    /// <summary><c>mon</c> to <c>sun</c>, or <c>daily</c>: on which it begins.</summary>
    public List<string> Days { get; set; } = [];

    /// <summary><c>HH:mm</c> by the clock on the wall of <see cref="Zone"/>.</summary>
    public string? Time { get; set; }

    /// <summary>Such as <c>90m</c> or <c>2h</c>, at most 7 days.</summary>
    public string? Duration { get; set; }

    /// <summary>Name of the IANA data base, such as <c>Europe/Berlin</c>. Default <c>UTC</c>.</summary>
    public string? Zone { get; set; }
}
