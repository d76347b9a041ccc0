using System.Globalization;
using Culprit.Engine.RootCause;

namespace Culprit.Engine.Traces;

/// <summary>Holds the traces of a window against those before it, and says what changed where.</summary>
/// <remarks>
/// Everything is conditional on the operation: another mix of requests changes every total and no share. Pure: the answer
/// depends on the book alone. Some milliseconds for ten thousand traces.
/// </remarks>
internal sealed class TraceComparison
{
    /// <summary>There are thousands of calls, and they are looked at thousands of times a day: by chance one is so far off once in years.</summary>
    private const double MinCallSigmas = 7;

    private readonly TraceBook _book;
    private readonly PatternNames _patterns;
    private readonly TraceCounts _past = new();
    private readonly List<CompactTrace> _before;
    private readonly List<CompactTrace> _now;
    private EventShifts? _shifts;

    /// <param name="fromNanos">Start of the window; what began earlier is what it is held against.</param>
    /// <param name="toNanos">Its end.</param>
    /// <param name="maxNodes">Nodes of traces to read, each of the window and of before; of more, a sample is read.</param>
    public TraceComparison(TraceBook book, long fromNanos, long toNanos, PatternNames patterns, int maxNodes = int.MaxValue)
    {
        _book = book;
        _patterns = patterns;
        (_before, _now) = book.Split(fromNanos, toNanos, maxNodes);
        if (_now.Count > 0)
        {
            var aliases = new EventAliases(book.Index, patterns.Resolve);
            _past = aliases.Apply(book.Past);
            aliases.Apply(_before);
            aliases.Apply(_now);
        }
    }

    /// <summary>Traces in the window that show more than one step: only these tell where in a request something is wrong.</summary>
    public int Now => _now.Count(t => t.Nodes.Length > 1);

    /// <summary>By service, then kind.</summary>
    public IReadOnlyList<TraceFinding> Findings()
    {
        if (_now.Count == 0)
        {
            return [];
        }

        var shifts = Shifts();
        var findings = new List<TraceFinding>();
        findings.AddRange(new TraceBlame(_book.Index, shifts, _before, _now).Findings());
        findings.AddRange(new ErrorShares(_book.Index, shifts, _before, _now).Findings());
        findings.AddRange(new StepTimes(_book.Index, _before, _now).Findings());
        return [.. findings.OrderBy(f => f.Service, StringComparer.Ordinal).ThenBy(f => f.Kind)];
    }

    /// <summary>The calls that requests leave out, one of each service at most: what it always called before, held against all traces that are remembered.</summary>
    public IReadOnlyList<TraceFinding> LeftOutCalls() => _now.Count == 0 ? [] :
    [
        .. Shifts().LeftOutCalls(MinCallSigmas)
            .Select(s => new TraceFinding(
                _book.Index.ServiceOf(s.Operation), TraceFindingKind.Blame,
                ProportionShift.Weighed(s.N0 - s.K0, s.N0, s.N1 - s.K1, s.N1),
                string.Create(CultureInfo.InvariantCulture,
                    $"{Shifts().Say(s.Event)} is missing in {s.N1 - s.K1:0} of {s.N1:0} requests to {QuotedText.Name(_book.Index.ServiceOf(s.Operation))}, before in {s.N0 - s.K0:0} of {s.N0:0}")) { Requests = (int)Math.Round(s.N1 - s.K1) })
            .GroupBy(f => f.Service, StringComparer.Ordinal)
            .Select(g => g.OrderByDescending(f => f.Score).ThenBy(f => f.Text, StringComparer.Ordinal).First())
            .OrderBy(f => f.Service, StringComparer.Ordinal),
    ];

    private EventShifts Shifts() => _shifts ??= new EventShifts(_book.Index, _past, _before, _now, _patterns.Text);
}
