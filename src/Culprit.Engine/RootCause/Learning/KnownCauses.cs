namespace Culprit.Engine.RootCause.Learning;

/// <summary>What people confirmed so far, asked for the like of an incident. Immutable.</summary>
/// <remarks>It only ever adds a remark: what was rejected is no longer remarked on, and no incident or alert is held back for it.</remarks>
internal sealed class KnownCauses
{
    /// <summary>The newest so many incidents are compared; one comparison takes microseconds.</summary>
    public const int MaxKept = 10_000;

    private readonly List<Feedback> _words;

    /// <param name="feedback">In the order in which it was given.</param>
    public KnownCauses(IEnumerable<Feedback> feedback)
    {
        var last = new Dictionary<string, Feedback>(StringComparer.Ordinal);
        foreach (var word in feedback)
        {
            last[word.IncidentId] = word;
        }

        _words = [.. last.Values.OrderByDescending(f => f.At).Take(MaxKept)];
    }

    public static KnownCauses None { get; } = new([]);

    /// <summary>
    /// The cause that was confirmed most often for the like of it, the latest among equals; null when none was, or when it was rejected as often.
    /// </summary>
    /// <param name="incidentId">The incident itself, which does not count.</param>
    public KnownCause? Match(IncidentSignature signature, string incidentId)
    {
        var alike = _words.Where(f => f.IncidentId != incidentId && f.Signature.Matches(signature)).ToList();
        return alike
            .Where(f => f.Verdict != FeedbackVerdict.Reject)
            .GroupBy(f => f.Service, StringComparer.Ordinal)
            .Where(g => g.Count() > alike.Count(f => f.Verdict == FeedbackVerdict.Reject && f.Service == g.Key))
            .Select(g => new KnownCause(
                g.Select(f => f.Name).FirstOrDefault(n => n is not null) ?? g.Key,
                g.Key,
                g.Count(),
                g.Max(f => f.IncidentAt),
                g.Select(f => f.Runbook).FirstOrDefault(r => r is not null)))
            .OrderByDescending(k => k.Times).ThenByDescending(k => k.LastAt).ThenBy(k => k.Service, StringComparer.Ordinal)
            .FirstOrDefault();
    }
}
