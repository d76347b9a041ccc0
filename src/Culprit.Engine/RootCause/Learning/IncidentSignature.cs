namespace Culprit.Engine.RootCause.Learning;

/// <summary>What an incident looked like when it was found, so that its like is recognised.</summary>
/// <remarks>
/// Made of the first anomaly alone, which is the same at the first alert and in the report weeks later: its environment, type, services and
/// the words of its sample messages. Numbers, ids and common words are left out, so another order id or another time is no other incident.
/// </remarks>
/// <param name="Words">Of the sample messages; sorted.</param>
internal sealed record IncidentSignature(string Environment, string AnomalyType, IReadOnlyList<string> Services, IReadOnlyList<string> Words)
{
    /// <summary>Words in common, of all words of either (Jaccard), from which on two incidents say the same.</summary>
    private const double SameWords = 0.6;

    private const int MaxWords = 200;

    public static IncidentSignature Of(string environment, string anomalyType, IEnumerable<string> services, IEnumerable<string> sampleMessages) => new(
        environment,
        anomalyType,
        [.. services.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        [.. sampleMessages.SelectMany(Changes.Words.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MaxWords)]);

    /// <summary>
    /// True when the other looks the same: a service in common and mostly the same words; where neither said anything (a metric, a silence), the same type and the same
    /// services.
    /// </summary>
    public bool Matches(IncidentSignature other)
    {
        if (Environment != other.Environment || !Services.Any(s => other.Services.Contains(s, StringComparer.Ordinal)))
        {
            return false;
        }

        if (Words.Count == 0 && other.Words.Count == 0)
        {
            // The services of an incident grow while it lasts: those of its first anomaly must be among them.
            return AnomalyType == other.AnomalyType && (IsWithin(Services, other.Services) || IsWithin(other.Services, Services));
        }

        var common = Words.Count(w => other.Words.Contains(w, StringComparer.Ordinal));
        return common >= SameWords * (Words.Count + other.Words.Count - common);
    }

    private static bool IsWithin(IReadOnlyList<string> few, IReadOnlyList<string> many) => few.All(s => many.Contains(s, StringComparer.Ordinal));
}
