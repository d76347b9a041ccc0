using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Journal;
using Culprit.Server.Querying;

namespace Culprit.Server.Replaying;

/// <summary>Plays stored records through a fresh engine in event time. Nothing is stored, counted or told to a model.</summary>
/// <remarks>One page of records is in memory at a time. Records with a suspect time are played by the time that they claim.</remarks>
internal sealed class ReplayRun(
    IRecordStore records, IJournal journal, EventHub hub, PipelineOptions options, RootCauseRanker ranker, ReplayEcho echo)
{
    private const int PageSize = 1000;

    // Records far apart have up to 15 minutes of ticks between them; a reader that left stops the replay this soon.
    private const int SliceSize = 20;

    /// <summary>Types of all events that can follow: the engine's, and what the rules of the configuration and of plug-ins emit.</summary>
    public IReadOnlyList<string> Types { get; } =
        [.. EventTypeRegistry.OfEngine, RuleFiring.EventType, .. options.Rules.Select(r => r.Emit?.Type).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <param name="report">Takes, after each page, the events that followed, and how far the replay has come.</param>
    public async Task<long> PlayAsync(
        ReplayRequest request, Func<IReadOnlyList<DerivedEvent>, long, long, Task> report, CancellationToken cancellationToken)
    {
        var made = new List<DerivedEvent>();
        var firings = new List<RuleFiring>();
        var pipeline = new Pipeline(options, journal.Id, ranker);
        var player = new EventTimePlayer(pipeline, events =>
        {
            made.AddRange(events.Where(d => request.Wants(d.Type)));
            if (request.Alerts && request.Wants(RuleFiring.EventType))
            {
                firings.AddRange(pipeline.Firings);
            }
        });
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
            var keys = page.Select(r => r.TimestampNanos).ToArray();
            for (var first = 0; first < batch.Count; first += SliceSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                player.Play(batch, keys, first, Math.Min(SliceSize, batch.Count - first), annotations);
            }

            if (request.IsLive && hub.WantsRecords)
            {
                hub.PublishBatch(batch, annotations, ReplayMark.On);
            }

            played += page.Count;
            var last = page[^1];
            await echo.HandOnAsync(request, made, firings, cancellationToken).ConfigureAwait(false);
            await report(made, played, last.TimestampNanos).ConfigureAwait(false);
            made.Clear();
            firings.Clear();
            query = query with { After = (last.TimestampNanos, last.Sequence) };
        }

        player.Finish();
        await echo.HandOnAsync(request, made, firings, cancellationToken).ConfigureAwait(false);
        await report(made, played, request.ToNanos).ConfigureAwait(false);
        return played;
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
