using System.Globalization;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Extending;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;

namespace Culprit.Engine;

/// <summary>The engine inside another program: events and time in; anomalies, incidents, root causes and alerts out.</summary>
/// <remarks>
/// No files, sockets, threads or clock: the host feeds events, tells the time once a second, and calls handlers when it likes.
/// The same calls give the same events with the same ids. It keeps everything in memory. Not thread-safe.
/// </remarks>
public sealed class CulpritEngine
{
    private const ulong JournalId = 1;

    private readonly BatchJsonParser _parser;
    private readonly RecordBatchWriter _writer = new();
    private readonly BatchParse _parse = new();
    private readonly Pipeline _pipeline;
    private readonly PluginRegistry _plugins = new();
    private readonly TriggerQueue _triggers = new(new TriggerOptions());
    private readonly HostedAlerts _alerts;
    private readonly List<string> _failures = [];
    private long _sequence;

    /// <exception cref="ArgumentException">An option, a rule or an event type is not allowed; the message names each mistake.</exception>
    public CulpritEngine(CulpritEngineOptions options, params IReadOnlyList<ICulpritPlugin> plugins)
    {
        foreach (var plugin in plugins)
        {
            plugin.Configure(_plugins);
        }

        var mistakes = new Mistakes();
        mistakes.Check(options.ThresholdCount is >= 1 and <= 64, nameof(options.ThresholdCount), options.ThresholdCount, "1 to 64");
        mistakes.Check(
            options.ThresholdWindow >= TimeSpan.FromSeconds(1) && options.ThresholdWindow <= TimeSpan.FromSeconds(240),
            nameof(options.ThresholdWindow), options.ThresholdWindow, "1 s to 240 s");
        var extensions = ExtensionSet.Read([], [], _plugins, mistakes);
        if (mistakes.All.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', mistakes.All), nameof(plugins));
        }

        _parser = new BatchJsonParser(extensions.EventTypes);
        _alerts = new HostedAlerts([.. _plugins.AlertHandlers.Values]);
        _pipeline = new Pipeline(
            new PipelineOptions
            {
                Dependencies = options.ServiceDependencies,
                SourceFilter = options.SourceFilter,
                ErrorThreshold = new ErrorThresholdOptions { Count = options.ThresholdCount, Window = options.ThresholdWindow },
                Rules = extensions.Rules,
                Detectors = _plugins.Detectors,
                DetectorFailed = f => _failures.Add($"detector {f.Detector} is left out in {f.Environment}: {f.Exception.Message}"),
            },
            JournalId, new RootCauseRanker(RunbookLibrary.Empty));
    }

    /// <summary>Takes a body as <c>POST /events</c> does: one JSON object, an array, or one object a line.</summary>
    /// <remarks>Ids are not remembered: an event that is fed twice counts twice.</remarks>
    /// <param name="receivedAt">When it came; the time of events that have none.</param>
    public FeedResult Feed(ReadOnlySpan<byte> json, DateTimeOffset receivedAt)
    {
        var received = UnixNanos.From(receivedAt);
        _parser.Parse(json, isLines: false, _writer, received, ids: null, _parse);
        if (_parse.Fatal is { } fatal)
        {
            return new FeedResult(0, [new FeedRejection(_parse.Total, fatal.Code!, fatal.Detail!)], []);
        }

        var batch = _writer.ToBatch(received, _sequence + 1);
        _sequence += batch.Count;
        var events = batch.Count > 0 ? Take(_pipeline.Process(batch, new BatchAnnotations(batch.Count))) : [];
        return new FeedResult(batch.Count, [.. _parse.Rejected.Select(r => new FeedRejection(r.Index, r.Code, r.Detail))], events);
    }

    /// <summary>Time has come this far: call it once a second. A time before the last does nothing.</summary>
    public IReadOnlyList<EngineEvent> Tick(DateTimeOffset now) => Take(_pipeline.Tick(UnixNanos.From(now)));

    /// <summary>Calls the trigger handlers and alert handlers that are due, and awaits them.</summary>
    /// <remarks>Firings of one scope follow one another; different scopes run side by side.</remarks>
    /// <param name="now">Decides which failed calls are tried again.</param>
    public async Task<HandlerRound> CallHandlersAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var events = new List<EngineEvent>();
        var failures = new List<string>(_failures);
        _failures.Clear();
        while (true)
        {
            var due = new List<TriggerWork>();
            while (_triggers.TryTake(now) is { } work)
            {
                due.Add(work);
            }

            if (due.Count == 0)
            {
                break;
            }

            var calls = await Task.WhenAll(due.Select(w => CallAsync(w, cancellationToken))).ConfigureAwait(false);
            for (var i = 0; i < due.Count; i++)
            {
                var (result, published) = calls[i];
                _triggers.Complete(due[i], result, now);
                events.AddRange(result.IsDone ? published.Select(p => EngineEvent.Of(p.ToDerived())) : []);
                if (!result.IsDone)
                {
                    failures.Add(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{due[i].Firing.Rule.Call} failed for firing {due[i].Firing.Id}, attempt {due[i].Attempt}: {result.Reason}"));
                }
            }
        }

        await _alerts.DeliverAsync(now, failures, cancellationToken).ConfigureAwait(false);
        return new HandlerRound(events, failures);
    }

    private List<EngineEvent> Take(IReadOnlyList<DerivedEvent> output)
    {
        var events = output.Select(EngineEvent.Of).ToList();
        foreach (var alert in events.Where(e => e.Type.StartsWith("alert.", StringComparison.Ordinal)))
        {
            _alerts.Add(alert);
        }

        foreach (var firing in _pipeline.Firings.Where(f => !_triggers.TryAdd(f)))
        {
            _failures.Add($"too many firings wait for their handlers; {firing.Rule.Call} will not see firing {firing.Id}");
        }

        return events;
    }

    private async Task<(TriggerResult Result, IReadOnlyList<CustomEvent> Published)> CallAsync(
        TriggerWork work, CancellationToken cancellationToken)
    {
        var handler = _plugins.Handlers[work.Firing.Rule.Call!]; // The rules were checked against the handlers.
        var context = new TriggerContext(handler.Name, work);
        try
        {
            return (await handler.HandleAsync(context, cancellationToken).ConfigureAwait(false), context.Events);
        }
        catch (Exception e)
        {
            // The outermost place of somebody else's code: whatever it throws, a cancellation too, is a failed call.
            return (TriggerResult.Nack($"{e.GetType().Name}: {e.Message}"), []);
        }
    }
}
