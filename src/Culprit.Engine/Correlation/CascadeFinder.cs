using System.Globalization;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Correlation;

/// <summary>Sees in an incident's anomalies that trouble spread along the calls: each service began after one that it calls, over at least three.</summary>
/// <remarks>
/// Services between two of them may stay silent. It tells how far a fault reached, not what it is, so it supports the incident
/// and does not give it its type.
/// </remarks>
internal static class CascadeFinder
{
    public const string Name = "cascade";

    private const int MinServices = 3;

    /// <summary>Onsets are known to a step of 5 s.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    /// <summary>The cascade; null when there is none, or when the incident has it already.</summary>
    public static Anomaly? Find(Incident incident, Relatedness relatedness)
    {
        if (incident.Anomalies.Any(a => a.Detector == Name))
        {
            return null;
        }

        var onsets = incident.Anomalies
            .Where(a => !a.IsSupporting && !a.IsPlain && a.Services.Count > 0)
            .GroupBy(a => a.Services[0], StringComparer.Ordinal)
            .Select(g => (Service: g.Key, Node: NodeName.Normalise(g.Key), At: g.Min(a => a.StartedAt)))
            .OrderBy(o => o.At).ThenBy(o => o.Service, StringComparer.Ordinal).ToList();
        if (onsets.Count < MinServices)
        {
            return null;
        }

        var chain = onsets.Select((_, i) => Longest(i, [i])).OrderByDescending(c => c.Count).First();
        return chain.Count >= MinServices ? ToAnomaly(incident, [.. chain.Select(i => (onsets[i].Service, onsets[i].At))]) : null;

        List<int> Longest(int at, List<int> sofar)
        {
            var best = sofar;
            for (var next = 0; next < onsets.Count && sofar.Count < 5; next++)
            {
                if (!sofar.Contains(next) && onsets[next].At >= onsets[at].At - Slack
                    && relatedness.Calls(onsets[next].Node, onsets[at].Node) && !relatedness.Calls(onsets[at].Node, onsets[next].Node)
                    && Longest(next, [.. sofar, next]) is var longer && longer.Count > best.Count)
                {
                    best = longer;
                }
            }

            return best;
        }
    }

    private static Anomaly ToAnomaly(Incident incident, List<(string Service, DateTimeOffset At)> chain)
    {
        var newest = incident.Anomalies[^1];
        var steps = chain.Skip(1).Select(c => string.Create(
            CultureInfo.InvariantCulture, $"{c.Service} after {Math.Max(0, (c.At - chain[0].At).TotalSeconds):0} s"));
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", incident.Environment, Name, incident.Id),
            Type = AnomalyType.CascadeFailure,
            Detector = Name,
            Environment = incident.Environment,
            Services = [.. chain.Select(c => c.Service)],
            StartedAt = chain[0].At,
            DetectedAt = newest.DetectedAt,
            Window = newest.DetectedAt - chain[0].At,
            ErrorCount = 0,
            Expected = "trouble that stays where it began",
            Observed = $"it began in {chain[0].Service} and spread to those that call it: {string.Join(", ", steps)}",
            Evidence = [],
            IsSupporting = true,
        };
    }
}
