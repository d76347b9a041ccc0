using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;

namespace Culprit.Engine;

/// <summary>Holds records, and the engine's own events, against the rules, and makes events and anomalies of what fires.</summary>
/// <remarks>It stands after the built-in stages, so that an anomaly of a rule finds the record already counted.</remarks>
internal sealed class RuleStage(PipelineOptions options, ulong journalId, StageTable stages)
{
    /// <summary>Engine events that one record or tick may show to the rules.</summary>
    private const int MaxSteps = 100;

    private readonly RuleEngine _engine = new(options.Rules, journalId, options.Lateness);
    private readonly List<RuleFiring> _firings = [];
    private readonly HashSet<string> _followed =
        [.. EventTypeRegistry.OfEngine.Where(t => options.Rules.Any(r => r.On.Any(o => Names.Selects(o, t))))];

    private int _shown;

    /// <summary>Firings that call a handler, since <see cref="Begin"/>.</summary>
    public IReadOnlyList<RuleFiring> Firings => _firings;

    /// <summary>Engine events that no rule was shown, because too many followed from one record or tick.</summary>
    public long DroppedSteps { get; private set; }

    /// <summary>A new output begins.</summary>
    public void Begin()
    {
        _firings.Clear();
        _shown = 0;
    }

    public void Observe(in LogRecord record, long timeNanos, long tickNanos, List<DerivedEvent> output)
    {
        Take(_engine.Observe(record, timeNanos), tickNanos, output);
        Follow(record.Sequence, tickNanos, output);
    }

    /// <summary>Shows what the engine has made since the last call to the rules that name its type.</summary>
    /// <param name="sequence">Of the record that it follows from; 0 when it was time that passed.</param>
    public void Follow(long sequence, long tickNanos, List<DerivedEvent> output)
    {
        for (var steps = 0; _shown < output.Count; _shown++)
        {
            if (!_followed.Contains(output[_shown].Type))
            {
                continue;
            }

            if (++steps > MaxSteps)
            {
                DroppedSteps++;
                continue;
            }

            var shown = CustomEvent.Of(output[_shown]);
            Take(_engine.Observe(shown.ToBatch(sequence)[0], shown.TimestampNanos, isOfEngine: true), tickNanos, output);
        }
    }

    public RuleEngineState ToState() => _engine.ToState();

    public void Restore(RuleEngineState state) => _engine.Restore(state);

    private void Take(IReadOnlyList<RuleFiring> firings, long tickNanos, List<DerivedEvent> output)
    {
        foreach (var firing in firings)
        {
            output.Add(firing.ToEvent().ToDerived());
            if (firing.Emitted is { } emitted)
            {
                output.Add(emitted.ToDerived());
            }

            if (firing.ToAnomaly() is { } anomaly && stages.Environment(firing.Environment) is { } environment)
            {
                environment.DrainDigests(tickNanos);
                environment.Stage.Raise(anomaly, tickNanos, output, firing.Rule.Raise!.Severity);
            }

            if (firing.Rule.Call is not null)
            {
                _firings.Add(firing);
            }
        }
    }
}
