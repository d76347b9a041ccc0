using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>Holds every record against the declared rules. Pure: time comes with the record.</summary>
/// <remarks>
/// An event that a rule emits is held against the rules at once, so that rules can build on each other; after
/// <see cref="MaxSteps"/> such events for one record the rest is dropped and counted, because rules could call each other
/// for ever. Where a batch ends changes nothing. Not thread-safe.
/// </remarks>
internal sealed class RuleEngine
{
    public const int MaxSteps = 32;

    /// <summary>Times that the scopes of all rules may keep: 16 MB.</summary>
    private const int MaxTimes = 2_000_000;

    /// <summary>Keys that the filters of all rules may remember: about 30 MB.</summary>
    private const int MaxKeys = 200_000;

    private readonly RuleRun[] _runs;
    private readonly List<RuleFiring> _firings = [];
    private readonly Queue<CustomEvent> _emitted = [];

    /// <param name="journalId">Part of the ids of records that their senders did not name.</param>
    /// <param name="lateness">How much older than the newest record one may be and still complete a window.</param>
    public RuleEngine(IReadOnlyCollection<Rule> rules, ulong journalId, TimeSpan lateness)
    {
        var share = Math.Max(1, rules.Count);
        _runs = [.. rules.Select(r => new RuleRun(r, journalId, lateness, MaxTimes / share, Math.Max(500, MaxKeys / share)))];
    }

    /// <summary>Emitted events that no rule was shown, because too many followed from one record.</summary>
    public long DroppedSteps { get; private set; }

    public IEnumerable<(string Rule, RuleCounts Counts)> Counts => _runs.Select(r => (r.Rule.Name, r.Counts));

    /// <summary>Takes a record; the firings that it completes, in the order of the rules. The list is valid until the next call.</summary>
    /// <param name="timeNanos">Time by which it is windowed, Unix nanoseconds.</param>
    /// <param name="isOfEngine">The engine made it: only rules that name its type see it.</param>
    public IReadOnlyList<RuleFiring> Observe(in LogRecord record, long timeNanos, bool isOfEngine = false)
    {
        _firings.Clear();
        Ask(record, timeNanos, isOfEngine);
        for (var step = 0; _emitted.TryDequeue(out var emitted); step++)
        {
            if (step >= MaxSteps)
            {
                DroppedSteps += _emitted.Count + 1;
                _emitted.Clear();
                break;
            }

            Ask(emitted.ToBatch(record.Sequence)[0], timeNanos, isOfEngine: false);
        }

        return _firings;
    }

    public RuleEngineState ToState() => new([.. _runs.Select(r => r.ToState())]);

    /// <summary>Takes over the rules that still exist; one whose threshold has changed keeps its filter's memory only.</summary>
    public void Restore(RuleEngineState state)
    {
        foreach (var run in _runs)
        {
            if (state.Rules.FirstOrDefault(r => r.Name == run.Rule.Name) is { } known)
            {
                run.Restore(known);
            }
        }
    }

    private void Ask(in LogRecord record, long timeNanos, bool isOfEngine)
    {
        foreach (var run in _runs)
        {
            if (!(isOfEngine && run.Rule.On.Count == 0) && run.Observe(record, timeNanos) is { } firing)
            {
                _firings.Add(firing);
                if (firing.Emitted is { } emitted)
                {
                    _emitted.Enqueue(emitted);
                }
            }
        }
    }
}
