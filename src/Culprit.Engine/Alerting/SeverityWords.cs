using Culprit.Engine.Correlation;

namespace Culprit.Engine.Alerting;

/// <summary>Reads the severity words of events and of routes.</summary>
internal static class SeverityWords
{
    /// <summary>What <see cref="TryParse"/> takes, for messages.</summary>
    public const string Allowed = "low, medium, high or critical";

    /// <summary>False for every other word; upper and lower case are the same.</summary>
    public static bool TryParse(string? word, out IncidentSeverity severity)
    {
        foreach (var candidate in Enum.GetValues<IncidentSeverity>())
        {
            if (candidate.ToWire().Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                severity = candidate;
                return true;
            }
        }

        severity = default;
        return false;
    }
}
