using Culprit.Engine.Detection;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>All runbooks, and which one fits an incident best.</summary>
internal sealed class RunbookLibrary(IEnumerable<Runbook> runbooks)
{
    public static readonly RunbookLibrary Empty = new([]);

    private const int MaxExcerptLength = 600;

    private readonly List<Runbook> _runbooks = [.. runbooks.OrderBy(r => r.Path, StringComparer.Ordinal)];

    public int Count => _runbooks.Count;

    /// <summary>The runbook with most in common with the incident; null when none fits. Ties go to the first path.</summary>
    /// <remarks>
    /// The blamed service counts 4, a pattern in the messages of the cause 3 and elsewhere 1 (two patterns at most), another affected
    /// service 1, the anomaly type 1. A runbook that lists patterns or services needs one of them: an anomaly type alone is too broad.
    /// </remarks>
    /// <param name="cause">The blamed service or dependency.</param>
    /// <param name="causeMessages">What is said about the cause or by it.</param>
    public Runbook? BestMatch(
        string cause,
        IReadOnlyList<string> causeMessages,
        IReadOnlyList<string> affectedServices,
        IReadOnlyList<string> otherMessages,
        IReadOnlyList<AnomalyType> types)
    {
        Runbook? best = null;
        var bestPoints = 0;
        foreach (var runbook in _runbooks)
        {
            var points = Points(runbook, cause, causeMessages, affectedServices, otherMessages, types);
            if (points > bestPoints)
            {
                (best, bestPoints) = (runbook, points);
            }
        }

        return best;
    }

    /// <summary>The step to recommend; null when the runbook has neither an action nor a list.</summary>
    public static string? Action(Runbook runbook) => runbook.Action ?? (runbook.Steps.Count > 0 ? runbook.Steps[0] : null);

    /// <summary>The runbook as a quotation: its beginning, at most 600 characters.</summary>
    public static RunbookQuote Quote(Runbook runbook)
    {
        var body = runbook.Body.Trim();
        if (body.Length > MaxExcerptLength)
        {
            var cut = char.IsHighSurrogate(body[MaxExcerptLength - 2]) ? MaxExcerptLength - 2 : MaxExcerptLength - 1;
            body = body[..cut] + "…";
        }

        return new RunbookQuote(runbook.Path, runbook.Title, body);
    }

    private static int Points(
        Runbook runbook,
        string cause,
        IReadOnlyList<string> causeMessages,
        IReadOnlyList<string> affectedServices,
        IReadOnlyList<string> otherMessages,
        IReadOnlyList<AnomalyType> types)
    {
        var services = runbook.Services.Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);
        var isCause = services.Contains(NodeName.Normalise(cause));
        var isAffected = affectedServices.Any(s => services.Contains(NodeName.Normalise(s)));
        var inCause = runbook.Patterns.Count(p => Occurs(p, causeMessages));
        var inOthers = runbook.Patterns.Count(p => !Occurs(p, causeMessages) && Occurs(p, otherMessages));
        var isSpecific = runbook.Services.Count + runbook.Patterns.Count > 0;
        if (isSpecific && !isCause && !isAffected && inCause + inOthers == 0)
        {
            return 0;
        }

        return (isCause ? 4 : isAffected ? 1 : 0)
            + (3 * Math.Min(2, inCause))
            + Math.Min(2, inOthers)
            + (runbook.AnomalyTypes.Any(types.Contains) ? 1 : 0);
    }

    private static bool Occurs(string pattern, IReadOnlyList<string> messages) =>
        pattern.Length > 0 && messages.Any(m => m.Contains(pattern, StringComparison.OrdinalIgnoreCase));
}
