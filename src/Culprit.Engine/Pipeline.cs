using System.Text;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Filtering;
using Culprit.Engine.Flows;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Engine.Topology;

namespace Culprit.Engine;

/// <summary>The whole data flow: records and ticks in, events out.</summary>
/// <remarks>
/// Pure and deterministic: no I/O, no clock, no threads. The same records and ticks in the same order give the same events
/// with the same ids, wherever a batch ends and whether or not it was restored from a snapshot in between.
/// </remarks>
internal sealed partial class Pipeline
{
    private readonly PipelineOptions _options;
    private readonly ulong _journalId;
    private readonly RootCauseRanker _ranker;
    private readonly SourceFilter? _sourceFilter;
    private readonly StageTable _stages;
    private readonly RuleStage? _rules;
    private readonly List<DerivedEvent> _output = [];
    private readonly long _latenessNanos;

    /// <param name="journalId">Part of the ids of records that their senders did not name.</param>
    public Pipeline(PipelineOptions options, ulong journalId, RootCauseRanker ranker)
    {
        _options = options;
        _journalId = journalId;
        _ranker = ranker;
        _sourceFilter = options.SourceFilter is { } pattern ? new SourceFilter(pattern) : null;
        _stages = new StageTable(options, journalId, ranker);
        _rules = options.Rules.Count > 0 ? new RuleStage(options, journalId, _stages) : null;
        _latenessNanos = UnixNanos.From(options.Lateness);
    }

    /// <summary>The newest tick, Unix nanoseconds; 0 before the first.</summary>
    public long TickNanos { get; private set; }

    /// <summary>Firings of the last call whose rules call a handler; valid until the next.</summary>
    public IReadOnlyList<RuleFiring> Firings => _rules?.Firings ?? [];

    /// <summary>The digests that the last call drew: what was logged, for whoever counts it.</summary>
    public IReadOnlyList<DrawnDigest> Digests => _stages.Drawn;

    /// <summary>Patterns that got another id in the last call.</summary>
    public IReadOnlyList<NamedAlias> Aliases => _stages.Aliases;

    /// <summary>Sequences of records that are passed over before they touch anything: the engine failed at them too often.</summary>
    public IReadOnlySet<long> PassedOver { get; init; } = new HashSet<long>();

    /// <summary>Index of the record that the last call worked on: the one at which it threw, when it threw.</summary>
    public int At { get; private set; }

    /// <summary>What the last call kept from the detectors.</summary>
    public SkippedRecords Skipped { get; private set; }

    /// <summary>How many records of the last call reached the stages behind: with <see cref="Skipped"/> all that it was given.</summary>
    public long Reached { get; private set; }

    /// <summary>What each environment's services are known to depend on.</summary>
    public IEnumerable<(string Environment, IReadOnlyList<ServiceEdge> Edges)> Topology =>
        _stages.Environments.Select(e => (e.Name, e.Stage.Graph.Edges()));

    public IEnumerable<Incident> OpenIncidents => _stages.Environments.SelectMany(e => e.Stage.OpenIncidents);

    /// <summary>What is known of each environment; a copy that others may read.</summary>
    public IReadOnlyList<EnvironmentOverview> Overview() => [.. _stages.Environments.Select(e => e.Stage.Overview(TickNanos))];

    /// <summary>Takes a batch; fills in what it finds out about each record, and returns the events that follow.</summary>
    /// <remarks>The returned list is valid until the next call.</remarks>
    public IReadOnlyList<DerivedEvent> Process(RecordBatch batch, BatchAnnotations annotations) =>
        Process(batch, 0, batch.Count, annotations);

    /// <summary>Takes a part of a batch, as if it were a batch of its own.</summary>
    public IReadOnlyList<DerivedEvent> Process(RecordBatch batch, int first, int count, BatchAnnotations annotations)
    {
        Begin();
        long filtered = 0, late = 0, noRoom = 0, passedOver = 0, reached = 0;
        for (var i = first; i < first + count; i++)
        {
            At = i;
            if (PassedOver.Count > 0 && PassedOver.Contains(batch.FirstSequence + i))
            {
                passedOver++;
                continue;
            }

            var record = batch[i];
            if (_sourceFilter is not null && !_sourceFilter.Matches(record))            // source filter
            {
                filtered++;
                continue;
            }

            var time = (record.Flags & (RecordFlags.TimeSuspect | RecordFlags.Retried)) != 0 ? batch.ReceivedNanos : record.TimestampNanos;
            // A change works for hours and reaches no detector: it may be told late.
            if (time < TickNanos - _latenessNanos && record.Kind != EventKind.Change)       // late: stored, reaches no detector
            {
                late++;
                continue;
            }

            if (_stages.Of(record) is not { } stages)
            {
                noRoom++;
                continue;
            }

            switch (record.Kind)
            {
                case EventKind.Log:
                    var error = stages.Service.Observe(                                   // dedupe, pattern, counters
                        record, time, out annotations.Patterns[i], out annotations.DuplicateOf[i]);
                    stages.Entry.Flows?.Observe(record, stages.Service.Service, annotations.Patterns[i], time); // sessions
                    stages.Environment.ObserveLine(record, stages.Service.Service, annotations.Patterns[i], time);
                    if (error is { } fact && Counts(annotations.DuplicateOf[i])           // error event
                        && stages.Environment.Observe(fact, TickNanos) is { } anomaly)    // threshold: 5 in 60 s
                    {
                        stages.DrainDigests(TickNanos);
                        stages.Environment.Raise(anomaly, TickNanos, _output);            // anomaly, incident, root cause, alert
                    }

                    break;
                case EventKind.Metric when TelemetryFields.TryReadMetric(record, out var metric, out var value, out var unit):
                    stages.Environment.Observe(stages.Service.Service, metric, unit, time, value);
                    break;
                case EventKind.Span:
                    stages.Environment.ObserveSpan(record, stages.Service.Service, time);
                    break;
                case EventKind.Change:
                    stages.Environment.Observe(ChangeReader.Read(record, _journalId));
                    break;
                default:
                    break;
            }

            _rules?.Observe(record, time, TickNanos, _output);                            // rules: events, anomalies, handlers
            reached++;
        }

        Skipped = new SkippedRecords(filtered, late, noRoom, passedOver);
        Reached = reached;
        return _output;
    }

    /// <summary>Time has come this far: digests are drawn, summaries made, causes looked at again, incidents ended.</summary>
    public IReadOnlyList<DerivedEvent> Tick(long tickNanos)
    {
        Begin();
        if (tickNanos <= TickNanos)
        {
            return _output; // A clock that went back moves nothing.
        }

        TickNanos = tickNanos;
        foreach (var environment in _stages.Environments)
        {
            environment.DrainDigests(tickNanos);
            environment.Detect(tickNanos, _output);
            environment.Stage.Tick(tickNanos, _output);
            environment.TickServices(tickNanos, _stages.Aliases);
        }

        _rules?.Follow(0, tickNanos, _output);
        return _output;
    }

    /// <summary>No record will come any more: from now on nobody is missed.</summary>
    public void EndInput()
    {
        foreach (var environment in _stages.Environments)
        {
            environment.Stage.EndInput();
            environment.Flows?.EndInput();
        }
    }

    /// <summary>The followed sessions of all environments; nothing may be processed afterwards when <paramref name="isEnd"/>.</summary>
    /// <param name="isEnd">No record is still to come: what waits for its place in time is taken.</param>
    public IEnumerable<FlowVerdict> Sessions(bool isEnd)
    {
        foreach (var flows in _stages.Environments.Select(e => e.Flows).OfType<FlowStage>())
        {
            if (isEnd)
            {
                flows.Finish();
            }

            foreach (var verdict in flows.Verdicts())
            {
                yield return verdict;
            }
        }
    }

    /// <summary>What is known about the range of <see cref="PipelineOptions.Inquiry"/>, as the events of an incident that ended; empty without one.</summary>
    public IReadOnlyList<DerivedEvent> Answers()
    {
        Begin();
        foreach (var environment in _stages.Environments)
        {
            if (environment.Stage.Answer() is { } answer)
            {
                var incident = answer.Dossier.Incident with { Severity = answer.Report.Severity };
                _output.Add(EventWriter.Anomaly(incident.Anomalies[0], incident.Id));
                var cause = EventWriter.RootCause(incident, answer.Report, 0, incident.LastSeenAt, null);
                _output.Add(cause);
                _output.Add(EventWriter.Incident(incident, EventTypes.IncidentResolved, 0, incident.LastSeenAt, cause.Id));
            }
        }

        return _output;
    }

    private void Begin()
    {
        _output.Clear();
        _rules?.Begin();
        _stages.Drawn.Clear();
        _stages.Aliases.Clear();
        Skipped = default;
        Reached = 0;
    }

    private bool Counts(long duplicateOf) =>
        duplicateOf < 0 || _options.ErrorThreshold.Counting == ThresholdCount.Occurrences;
}
