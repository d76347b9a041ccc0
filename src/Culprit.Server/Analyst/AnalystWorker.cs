using System.Data.Common;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Analysis;
using Culprit.Server.Export;
using Culprit.Server.Http;
using Culprit.Server.Querying;
using Culprit.Server.Reporting;

namespace Culprit.Server.Analyst;

/// <summary>Lets the model explain incidents after the ranker has, one at a time. Nothing waits for it.</summary>
/// <remarks>
/// An incident is explained once its suspect has been the same for a while, and again when the suspect changes, at most
/// <see cref="MaxPerIncident"/> times. What a restart interrupts is taken up again from the stored events.
/// </remarks>
internal sealed partial class AnalystWorker(
    LlmAnalyst analyst,
    AnalystBudget budget,
    IStateStore state,
    IncidentReportReader incidents,
    EventHub hub,
    AlertPost post,
    SideOutput side,
    TimeProvider clock,
    ILogger<AnalystWorker> logger) : BackgroundService
{
    public const int MaxPerIncident = 3;

    /// <summary>Incidents explained by the ranker this long before a start are still of interest.</summary>
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(30);

    private const int MaxEvents = 1000;

    private readonly Dictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string? Suspect, int Count)> _done = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var subscription = hub.Subscribe(new EventFilter { Types = [EventTypes.RootCause] });
        if (subscription is null)
        {
            TooManyReaders();
            return;
        }

        try
        {
            await RecallAsync(stoppingToken).ConfigureAwait(false);
            while (true)
            {
                while (subscription.Reader.TryRead(out var live))
                {
                    Take(live.Json);
                }

                var due = _waiting.Values.MinBy(w => w.Due);
                if (due is not null && due.Due <= clock.GetUtcNow())
                {
                    _waiting.Remove(due.IncidentId);
                    await ExplainAsync(due, stoppingToken).ConfigureAwait(false);
                    continue;
                }

                await WaitAsync(subscription, due?.Due, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped: what waits is found again at the next start.
        }
    }

    /// <summary>What was spent today, and what was explained by the ranker shortly before the start and by no model yet.</summary>
    private async Task RecallAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        foreach (var type in (string[])[EventTypes.Analysis, EventTypes.RootCause])
        {
            var from = type == EventTypes.Analysis ? today : now - LookBack;
            var rows = await state.FindAsync(
                new DerivedQuery { Types = [type], FromNanos = UnixNanos.From(from), OldestFirst = true, Limit = MaxEvents }, cancellationToken).ConfigureAwait(false);
            foreach (var found in rows.Select(r => r.Event))
            {
                if (type == EventTypes.RootCause)
                {
                    Take(found.Json);
                    continue;
                }

                using var json = JsonDocument.Parse(found.Json);
                budget.Spend(
                    UnixNanos.ToTime(found.TimestampNanos),
                    json.RootElement.GetProperty("input_tokens").GetInt64() + json.RootElement.GetProperty("output_tokens").GetInt64(),
                    json.RootElement.TryGetProperty("cost_usd", out var cost) ? cost.GetDouble() : null,
                    json.RootElement.GetProperty("seconds").GetDouble());
                Remember(found.CorrelationId!, JsonFields.Text(json.RootElement, "suspect"));
            }
        }
    }

    private void Take(ReadOnlyMemory<byte> json)
    {
        using var cause = JsonDocument.Parse(json);
        var incident = JsonFields.Text(cause.RootElement, "incident_id");
        if (!HasCandidates(cause.RootElement))
        {
            return; // Nothing to choose from.
        }

        var suspect = AnalystCase.SuspectOf(cause.RootElement);
        var (known, count) = _done.GetValueOrDefault(incident);
        if (count >= MaxPerIncident || (count > 0 && known == suspect))
        {
            return;
        }

        if (!_waiting.TryGetValue(incident, out var waiting) || waiting.Suspect != suspect)
        {
            _waiting[incident] = new Waiting(incident, suspect, clock.GetUtcNow() + analyst.Settle);
        }
    }

    private static bool HasCandidates(JsonElement cause) => cause.GetProperty("hypotheses").GetArrayLength() > 0;

    private async Task WaitAsync(Subscription subscription, DateTimeOffset? due, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrival = subscription.Reader.WaitToReadAsync(ended.Token).AsTask();
        if (due is not { } moment)
        {
            await arrival.ConfigureAwait(false);
            return;
        }

        var pause = moment - clock.GetUtcNow();
        await Task.WhenAny(arrival, Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task ExplainAsync(Waiting waiting, CancellationToken cancellationToken)
    {
        Remember(waiting.IncidentId, waiting.Suspect);
        try
        {
            var events = await incidents.EventsAsync(waiting.IncidentId, cancellationToken).ConfigureAwait(false);
            if (IncidentReportReader.Gather(events) is not { Cause.ValueKind: JsonValueKind.Object } finding || !HasCandidates(finding.Cause))
            {
                return;
            }

            using var span = Tracing.StartInvestigation(waiting.IncidentId);
            var analysis = await analyst.AnalyseAsync(AnalystCase.Of(finding), cancellationToken).ConfigureAwait(false);
            if (analysis.Failure is { } reason)
            {
                NotExplained(waiting.IncidentId, reason);
            }

            await PublishAsync(analysis, finding, events, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or IOException)
        {
            // The ranker's report stands; a disk that is full again tomorrow must not end the worker.
            NotStored(waiting.IncidentId, e);
        }
    }

    private async Task PublishAsync(Analysis analysis, IncidentFinding finding, IReadOnlyList<DerivedEvent> events, CancellationToken cancellationToken)
    {
        var at = clock.GetUtcNow();
        var analysed = AnalysisEvent.Of(analysis, finding, at);
        List<DerivedEvent> output = [analysed];

        // Who was told about the incident is told this too; nobody is woken for one that is over.
        if (analysis.Failure is null
            && events.LastOrDefault(e => e.Type.StartsWith("alert.", StringComparison.Ordinal)) is { } alert
            && alert.Type != EventTypes.AlertResolved)
        {
            output.Add(AnalysisEvent.Alert(alert, analysed, analysis, at));
        }

        await side.StoreAsync(post.ToOutput(0, output), cancellationToken).ConfigureAwait(false);
    }

    private void Remember(string incidentId, string? suspect)
    {
        if (_done.Count >= MaxEvents)
        {
            _done.Clear(); // Old incidents; at worst one of them is explained once more.
        }

        _done[incidentId] = (suspect, _done.GetValueOrDefault(incidentId).Count + 1);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No model explains incidents: too many readers of live events")]
    private partial void TooManyReaders();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Incident} is not explained by the model: {Reason}. The ranker's report stands.")]
    private partial void NotExplained(string incident, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The explanation of incident {Incident} could not be stored")]
    private partial void NotStored(string incident, Exception exception);

    /// <param name="Due">When it is explained unless the suspect changes before.</param>
    private sealed record Waiting(string IncidentId, string Suspect, DateTimeOffset Due);
}
