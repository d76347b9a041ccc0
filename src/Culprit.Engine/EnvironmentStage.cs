using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Detection.TraceShift;
using Culprit.Engine.Flows;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Changes;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Storage;
using Culprit.Engine.Summaries;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine;

/// <summary>
/// Judges one environment from its services' digests and error facts: baselines, detectors, incidents and their causes.
/// It never sees a record, so its cost does not grow with log volume.
/// </summary>
internal sealed class EnvironmentStage
{
    private const int MaxMetrics = 5000;

    // So that a look costs about a millisecond; it happens every ten seconds, however few records come.
    private const int MaxNodesOfALook = 4_000;
    private const int MaxOperationBytes = 200;

    /// <summary>After a deploy slowness is told only when it lasts longer than this: instances restart one after the other, and each is cold for a while.</summary>
    private const long WarmUpNanos = 90 * UnixNanos.PerSecond;

    private readonly string _environment;
    private readonly RootCauseRanker _ranker;
    private readonly PatternNames _patterns;
    private readonly Dictionary<string, ServiceHistory> _history = [];
    private readonly Dictionary<(string Service, string Metric), MetricHistory> _metrics = [];
    private readonly ChangeLog _changes;
    private readonly SpanJoin _spans = new();
    private readonly InquiryLog? _inquiry;
    private readonly ulong _journalId;
    private readonly SummaryWindow _summary;
    private readonly ErrorThresholdDetector _threshold;
    private readonly DetectorSet _detectors;
    private readonly IncidentCorrelator _correlator;

    public EnvironmentStage(
        string environment, PipelineOptions options, ulong journalId, RootCauseRanker ranker, PatternNames patterns)
    {
        _journalId = journalId;
        _inquiry = options.Inquiry is { } range ? new InquiryLog(range) : null;
        _environment = environment;
        _ranker = ranker;
        _changes = new ChangeLog(environment);
        _patterns = patterns;
        _summary = new SummaryWindow(environment, options.SummaryRecords, options.SummaryInterval);
        _threshold = new ErrorThresholdDetector(environment, options.ErrorThreshold, options.Lateness);
        _detectors = new DetectorSet(environment, options.Detection, options.Lateness, options.Flows?.Lag ?? default);
        _correlator = new IncidentCorrelator(options.ResolveAfter);
        Graph = new ServiceGraph(GraphOptions(options));
    }

    public IEnumerable<Incident> OpenIncidents => _correlator.Open.Select(o => o.Incident);

    public ServiceGraph Graph { get; private set; }

    public TraceBook Traces { get; private set; } = new();

    /// <summary>When the oldest open incident that was found against a baseline began, Unix nanoseconds; null when none is open.</summary>
    public long? WrongSince => _correlator.Open.Where(o => !o.IsPlain).Select(o => (long?)o.StartNanos).Min();

    /// <summary>Adds what one service said since its last digest.</summary>
    public void Observe(ServiceDigest digest, long tickNanos)
    {
        if (!_history.TryGetValue(digest.Service, out var history))
        {
            history = new ServiceHistory { Service = digest.Service };
            _history.Add(digest.Service, history);
        }

        history.Add(digest, tickNanos);
        _summary.Add(digest);
        _correlator.Observe(digest);
        _threshold.Learn(tickNanos);
        _detectors.Observe(digest);
        Graph.ObserveService(digest.Service, digest.LastNanos);
        foreach (var pattern in digest.Patterns.Where(p => IsWorthReading(history, p)))
        {
            Graph.ObserveMessage(digest.Service, pattern.Sample.Text, pattern.Sample.TimestampNanos);
        }
    }

    /// <summary>Takes an error at once; the anomaly that it completes, or null.</summary>
    public Anomaly? Observe(in ErrorFact fact, long tickNanos) => _threshold.Observe(fact, tickNanos);

    public void Observe(string service, string metric, string unit, long timeNanos, double value)
    {
        if (!_metrics.TryGetValue((service, metric), out var history))
        {
            if (_metrics.Count >= MaxMetrics)
            {
                return;
            }

            history = new MetricHistory { Service = service, Metric = metric };
            _metrics.Add((service, metric), history);
        }

        history.Unit = unit;
        history.Add(timeNanos, value);
        _detectors.Observe(service, metric, timeNanos, value);
    }

    /// <summary>Requests and jobs ended.</summary>
    public void Observe(FlowCount count) => _detectors.Observe(count);

    /// <summary>A line shows what its trace did, and what happened to its process.</summary>
    public void ObserveLine(in LogRecord record, string service, PatternId pattern, long timeNanos)
    {
        Traces.ObserveLine(record, service, pattern, timeNanos);
        _changes.ObserveLine(record, service, timeNanos);
        _inquiry?.Observe(service, record, pattern, timeNanos, _journalId);
    }

    /// <summary>A span shows who called whom, how long it took and how it ended.</summary>
    public void ObserveSpan(in LogRecord record, string service, long timeNanos)
    {
        var span = TelemetryFields.ReadSpan(record);
        _spans.Observe(record.SpanId, span.ParentId, service, (caller, callee) => Graph.ObserveSpan(caller, callee, timeNanos));
        var trace = record.TraceId.IsEmpty ? 0 : System.IO.Hashing.XxHash3.HashToUInt64(record.TraceId);
        _detectors.Observe(service, Operation(record.Body), timeNanos, span, trace);
        Traces.ObserveSpan(record.TraceId, record.SpanId, span.ParentId, service, record.Body, timeNanos, span.DurationNanos, span.IsError);
    }

    /// <summary>The cause of what somebody asked about; null when nobody asked.</summary>
    public (Dossier Dossier, RootCauseReport Report)? Answer()
    {
        if (_inquiry is null)
        {
            return null;
        }

        Traces.CloseAll(Graph.ObserveTrace);
        var dossier = InquiryDossier.Build(_environment, _inquiry, _metrics.Values, _changes.All, Graph.Edges(), Traces, _patterns);
        return (dossier, _ranker.Rank(dossier));
    }

    public void Observe(ChangeEvidence change) => _changes.Observe(change);

    /// <summary>Anomaly, incident, root cause, alert. Every service's digest must have been observed up to now.</summary>
    /// <param name="atLeast">The incident is at least so severe.</param>
    public void Raise(Anomaly anomaly, long tickNanos, List<DerivedEvent> output, IncidentSeverity atLeast = IncidentSeverity.Low)
    {
        var edges = Graph.Edges();
        var relatedness = new Relatedness(edges);
        anomaly = anomaly.IsPlain ? anomaly : relatedness.OfOneFault(anomaly, [.. OpenIncidents.SelectMany(i => i.Services)]);
        var (open, arrival) = _correlator.Add(anomaly, _history, relatedness, tickNanos);
        output.Add(EventWriter.Anomaly(anomaly, open.Incident.Id));
        if (arrival == Arrival.Joined)
        {
            if (!anomaly.IsSupporting && IncidentCorrelator.FindCascade(open, edges) is { } cascade)
            {
                output.Add(EventWriter.Anomaly(cascade, open.Incident.Id));
            }

            open.Incident = open.Incident with { Severity = Worse(open.Incident.Severity, atLeast) };
            return;
        }

        var report = RankAndType(open, anomaly.DetectedAt, tickNanos);
        open.Incident = open.Incident with { Severity = Worse(report.Severity, atLeast) };
        var type = arrival == Arrival.Reopened ? EventTypes.IncidentReopened : EventTypes.IncidentOpened;
        output.Add(EventWriter.Incident(open.Incident, type, open.Updates++, anomaly.DetectedAt, open.RootCauseId));
        Publish(open, report, anomaly.DetectedAt, EventTypes.AlertFiring, output);
        open.ExplainedAt = tickNanos;
    }

    /// <summary>Time passes: summaries fall due, causes are looked at again, incidents end.</summary>
    public void Tick(long tickNanos, List<DerivedEvent> output)
    {
        if (_summary.Tick(tickNanos) is { } summary)
        {
            output.Add(EventWriter.Summary(summary));
        }

        if (_metrics.Count >= MaxMetrics && tickNanos / UnixNanos.PerSecond % 60 == 0)
        {
            ForgetSilentMetrics(tickNanos);
        }

        Traces.Tick(tickNanos, Graph.ObserveTrace);
        var isWarming = Warming(tickNanos);
        foreach (var found in _detectors.Judge(tickNanos, (from, to) => SignsOfTraces(from, to, isWarming), isWarming))
        {
            if (_correlator.Admit(found) is { } anomaly)
            {
                Raise(anomaly, tickNanos, output);
            }
        }

        _detectors.Settle(_correlator.Keep);
        var starts = _correlator.Open.Where(o => !o.IsPlain).Select(o => o.StartNanos).ToList();
        foreach (var start in starts)
        {
            _detectors.Exclude(start, tickNanos);
        }

        Traces.Hold(starts.Count > 0 ? starts.Min() : null);
        var isPlainOpen = _threshold.Tick(tickNanos);
        var now = UnixNanos.ToTime(tickNanos);
        foreach (var open in _correlator.Open)
        {
            if (IsExplanationDue(open, tickNanos))
            {
                open.ExplainedAt = tickNanos;
                ExplainAgain(open, now, output);
            }
        }

        foreach (var ended in _correlator.Tick(tickNanos, isPlainOpen))
        {
            // The last explanation counts all of it, and looks back from the last error: the quiet after it is no silence.
            Publish(ended, RankAndType(ended, ended.Incident.LastSeenAt, tickNanos), now, null, output);
            output.Add(EventWriter.Incident(ended.Incident, EventTypes.IncidentResolved, ended.Updates++, now, ended.RootCauseId));
            output.Add(EventWriter.Alert(ended.Incident, null, EventTypes.AlertResolved, ended.Explanations, now, ended.RootCauseId));
        }
    }

    /// <summary>No record will come any more: from now on nobody is missed.</summary>
    public void EndInput() => _detectors.EndInput();

    /// <summary>What is known at a tick; makes a copy that others may read.</summary>
    public EnvironmentOverview Overview(long tickNanos)
    {
        var since = tickNanos - (60 * UnixNanos.PerSecond);
        return new EnvironmentOverview(
            _environment,
            tickNanos,
            _detectors.LearnedSeconds,
            DetectorSet.BaselineSeconds,
            [
                .. _history.Values.OrderBy(h => h.Service, StringComparer.Ordinal).Select(h => new ServiceOverview(
                    h.Service,
                    SecondCount.Since(h.RecentRecords, since),
                    SecondCount.Since(h.RecentErrors, since),
                    h.LastNanos,
                    [.. _correlator.Open.Where(o => o.Incident.Services.Contains(h.Service, StringComparer.Ordinal)).Select(o => o.Incident.Id)])),
            ],
            Graph.Edges());
    }

    public EnvironmentState ToState()
    {
        var graph = new System.Buffers.ArrayBufferWriter<byte>();
        Graph.Save(graph);
        return new EnvironmentState(
            _environment,
            [.. _history.Values],
            [.. _metrics.Values],
            _changes.ToState(),
            _summary.ToState(),
            _threshold.ToState(),
            _detectors.ToState(),
            [.. _correlator.Open],
            [.. _correlator.Ended],
            graph.WrittenSpan.ToArray(),
            TraceBookSnapshot.Save(Traces),
            _spans.Save());
    }

    /// <summary>False when the bytes of graph, traces or spans cannot be read: the snapshot is then useless as a whole.</summary>
    public bool Restore(EnvironmentState state, PipelineOptions options)
    {
        if (!ServiceGraph.TryLoad(state.Graph, GraphOptions(options), out var graph)
            || TraceBookSnapshot.Load(state.Traces) is not { } traces
            || !_spans.TryRestore(state.Spans))
        {
            return false;
        }

        Graph = graph;
        Traces = traces;
        foreach (var history in state.Services)
        {
            _history.Add(history.Service, history);
        }

        foreach (var metric in state.Metrics)
        {
            _metrics.Add((metric.Service, metric.Metric), metric);
        }

        _changes.Restore(state.Changes);
        _summary.Restore(state.Summary);
        _threshold.Restore(state.Threshold);
        _detectors.Restore(state.Detectors);
        _correlator.Restore(state.Open, state.Ended);
        return true;
    }

    private void ForgetSilentMetrics(long tickNanos)
    {
        foreach (var (key, history) in _metrics)
        {
            var newest = history.Points.Count > 0 ? history.Points[^1].TimeNanos : history.Reading?.TimeNanos ?? 0;
            if (newest < tickNanos - MetricHistory.KeptNanos)
            {
                _metrics.Remove(key);
            }
        }
    }

    /// <summary>What the traces of a window say against those before it.</summary>
    /// <param name="isWarming">Services that may be slow.</param>
    private List<TraceSign> SignsOfTraces(long fromNanos, long toNanos, Predicate<string> isWarming)
    {
        var comparison = new TraceComparison(Traces, fromNanos, toNanos, _patterns, MaxNodesOfALook);
        return
        [
            .. comparison.Findings().Where(f => f.Kind != TraceFindingKind.Static && !f.MayBeLate && !(IsTime(f) && isWarming(f.Service)))
                .Select(f => new TraceSign(
                    f.Service, IsTime(f), f.Kind is TraceFindingKind.Blame or TraceFindingKind.Gap ? 1 : 0.5, f.Score, f.Requests, f.Text)),
            .. comparison.LeftOutCalls().Select(f => new TraceSign(f.Service, IsTime: false, 1, f.Score, f.Requests, f.Text) { IsLeftOut = true }),
        ];
    }

    private static bool IsTime(TraceFinding finding) => finding.Kind is TraceFindingKind.Gap or TraceFindingKind.Peer or TraceFindingKind.Self;

    /// <summary>Services that were deployed a short while ago, and those that wait for them: first requests fill caches and compile, and take longer.</summary>
    private Predicate<string> Warming(long tickNanos)
    {
        var deployed = _changes.All
            .Where(c => c.Kind == ChangeKind.Deploy && c.Service is { Length: > 0 } && UnixNanos.From(c.At) is var at && at <= tickNanos && at > tickNanos - WarmUpNanos)
            .Select(c => NodeName.Normalise(c.Service!)).ToHashSet(StringComparer.Ordinal);
        if (deployed.Count == 0)
        {
            return _ => false;
        }

        Relatedness? relatedness = null;
        var known = new Dictionary<string, bool>(StringComparer.Ordinal);
        return service =>
        {
            if (!known.TryGetValue(service, out var isWarming))
            {
                var node = NodeName.Normalise(service);
                isWarming = deployed.Contains(node) || deployed.Any(d => (relatedness ??= new Relatedness(Graph.Edges())).Calls(node, d));
                known.Add(service, isWarming);
            }

            return isWarming;
        };
    }

    private static ServiceGraphOptions GraphOptions(PipelineOptions options) =>
        new() { Dependencies = options.Dependencies, Vetoes = options.VetoedDependencies };

    private static string Operation(ReadOnlySpan<byte> body) =>
        System.Text.Encoding.UTF8.GetString(body.Length > MaxOperationBytes ? body[..MaxOperationBytes] : body);

    /// <summary>Who a pattern names is known after a few records of it; later ones are read now and then.</summary>
    private static bool IsWorthReading(ServiceHistory history, PatternCount count) =>
        !history.Patterns.TryGetValue(count.Pattern.ToString(), out var pattern) || pattern.Digests <= 20 || pattern.Digests % 60 == 0;

    /// <summary>Causes are looked at again 2, 10, 30 and 60 s after the start, then each minute.</summary>
    private static bool IsExplanationDue(OpenIncident open, long tickNanos)
    {
        ReadOnlySpan<int> steps = [2, 10, 30, 60];
        foreach (var step in steps)
        {
            var due = open.OpenedAt + (step * UnixNanos.PerSecond);
            if (open.ExplainedAt < due && tickNanos >= due)
            {
                return true;
            }
        }

        return tickNanos - open.ExplainedAt >= 60 * UnixNanos.PerSecond;
    }

    private void ExplainAgain(OpenIncident open, DateTimeOffset now, List<DerivedEvent> output)
    {
        var typeBefore = open.Incident.Type;
        var report = RankAndType(open, now, UnixNanos.From(now));
        var isNewCause = report.Blamed != open.Blamed;
        var isNewType = open.Incident.Type != typeBefore;
        open.IsChanged |= isNewType;
        var isWorse = report.Severity > open.Incident.Severity;
        if (isWorse)
        {
            // Severity never falls while the incident is open: those on call would be told to calm down by a count.
            open.Incident = open.Incident with { Severity = report.Severity };
            open.IsChanged = true;
        }

        if (isNewCause || open.IsChanged || Math.Abs(report.Confidence - open.Confidence) >= 0.1)
        {
            Publish(open, report, now, isNewCause || isNewType || isWorse ? EventTypes.AlertUpdated : null, output);
        }

        if (open.IsChanged)
        {
            open.IsChanged = false;
            output.Add(EventWriter.Incident(open.Incident, EventTypes.IncidentUpdated, open.Updates++, now, open.RootCauseId));
        }
    }

    private static void Publish(OpenIncident open, RootCauseReport report, DateTimeOffset at, string? alert, List<DerivedEvent> output)
    {
        var cause = EventWriter.RootCause(open.Incident, report, open.Explanations, at, open.RootCauseId);
        output.Add(cause);
        if (alert is not null)
        {
            output.Add(EventWriter.Alert(open.Incident, report, alert, open.Explanations, at, cause.Id));
        }

        open.Explanations++;
        open.RootCauseId = cause.Id;
        open.Blamed = report.Blamed;
        open.Confidence = report.Confidence;
    }

    private static IncidentSeverity Worse(IncidentSeverity a, IncidentSeverity b) => a > b ? a : b;

    /// <summary>Ranks the causes of an incident, and types it by the first.</summary>
    private RootCauseReport RankAndType(OpenIncident open, DateTimeOffset at, long tickNanos)
    {
        var edges = Graph.Edges();
        var report = _ranker.Rank(DossierBuilder.Build(open, _correlator.OfOthers(open), _metrics.Values, _changes.All, edges, Traces, _patterns, at, tickNanos));
        IncidentCorrelator.Retype(open, report.Blamed, report.Confidence, report.Hypotheses.Count > 0 ? report.Hypotheses[0].Nature : CauseNature.Other, new Relatedness(edges));
        return report;
    }
}

/// <summary>An <see cref="EnvironmentStage"/> at rest.</summary>
internal sealed record EnvironmentState(
    string Environment,
    IReadOnlyList<ServiceHistory> Services,
    IReadOnlyList<MetricHistory> Metrics,
    ChangeLogState Changes,
    SummaryState Summary,
    ErrorThresholdState Threshold,
    DetectorSetState Detectors,
    IReadOnlyList<OpenIncident> Open,
    IReadOnlyList<OpenIncident> Ended,
    byte[] Graph,
    byte[] Traces,
    byte[] Spans);
