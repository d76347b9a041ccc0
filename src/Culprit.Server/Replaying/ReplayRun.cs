using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting;
using Culprit.Server.Journal;
using Culprit.Server.Querying;

namespace Culprit.Server.Replaying;

/// <summary>Plays stored records through a fresh engine in event time. Nothing is stored, counted or told to a model.</summary>
/// <remarks>One page of records is in memory at a time. Records with a suspect time are played by the time that they claim.</remarks>
internal sealed class ReplayRun(
    IRecordStore records, IStateStore state, IJournal journal, EventHub hub, PipelineOptions options, RootCauseRanker ranker,
    AlertRouter router, AlertSignal signal)
{
    private const int PageSize = 1000;

    /// <param name="report">Takes, after each page, the events that followed, and how far the replay has come.</param>
    public async Task<long> PlayAsync(
        ReplayRequest request, Func<IReadOnlyList<DerivedEvent>, long, long, Task> report, CancellationToken cancellationToken)
    {
        var made = new List<DerivedEvent>();
        var player = new EventTimePlayer(new Pipeline(options, journal.Id, ranker), e => made.AddRange(e.Where(d => request.Wants(d.Type))));
        var query = new RecordQuery
        {
            FromNanos = request.FromNanos,
            ToNanos = request.ToNanos,
            Service = request.Service,
            Environment = request.Environment,
            OldestFirst = true,
            Limit = PageSize,
        };
        var played = 0L;
        while (await records.FindAsync(query, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            var batch = ToBatch(page, played + 1);
            var annotations = new BatchAnnotations(batch.Count);
            player.Play(batch, [.. page.Select(r => r.TimestampNanos)], 0, batch.Count, annotations);
            if (request.IsLive && hub.WantsRecords)
            {
                hub.PublishBatch(batch, annotations, ReplayMark.On);
            }

            played += page.Count;
            var last = page[^1];
            await HandOnAsync(request, made, cancellationToken).ConfigureAwait(false);
            await report(made, played, last.TimestampNanos).ConfigureAwait(false);
            made.Clear();
            query = query with { After = (last.TimestampNanos, last.Sequence) };
        }

        player.Finish();
        await HandOnAsync(request, made, cancellationToken).ConfigureAwait(false);
        await report(made, played, request.ToNanos).ConfigureAwait(false);
        return played;
    }

    private async Task HandOnAsync(ReplayRequest request, List<DerivedEvent> made, CancellationToken cancellationToken)
    {
        for (var i = 0; i < made.Count; i++)
        {
            made[i] = made[i] with { Json = ReplayMark.On(made[i].Json) };
            if (request.IsLive)
            {
                hub.Publish(made[i]);
            }
        }

        if (request.Alerts)
        {
            var outbox = made.Where(d => d.Type.StartsWith("alert.", StringComparison.Ordinal))
                .SelectMany(d => router.Route(d.Json).Select(sink => Again(d, sink))).ToList();
            if (outbox.Count > 0)
            {
                await state.ApplyAsync(new EngineOutput(0, [], outbox), cancellationToken).ConfigureAwait(false);
                signal.Wake();
            }
        }
    }

    /// <summary>Under ids of its own: the outbox ignores what it has seen, and the first delivery's order is not this one's.</summary>
    private static OutboxItem Again(DerivedEvent alert, string sink)
    {
        var run = Guid.NewGuid().ToString("N");
        return new OutboxItem($"{alert.Id}-replay-{run}", sink, $"{alert.CorrelationId}-replay", alert.Json, 0);
    }

    /// <summary>The records as the engine took them, under the ids by which they are found.</summary>
    private RecordBatch ToBatch(IReadOnlyList<StoredRecord> page, long firstSequence)
    {
        var writer = new RecordBatchWriter();
        foreach (var record in page)
        {
            RecordCopy.Write(writer, record, record.Id ?? RecordId.Format(journal.Id, record.Sequence), record.Flags & ~RecordFlags.TimeSuspect);
        }

        return writer.ToBatch(page[^1].TimestampNanos, firstSequence);
    }
}
