using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Storage;
using Culprit.Server.Analysis;
using Culprit.Server.Configuration;

namespace Culprit.Server.RootCause;

/// <summary>Finds the cause of what went wrong in a stretch of time from the stored records, by an engine of its own.</summary>
/// <remarks>One at a time. Memory is bounded by one page of records and the engine's own limits.</remarks>
internal sealed class StoredInquiry(IRecordStore records, RootCauseRanker ranker, Settings settings) : IDisposable
{
    /// <summary>Records read for one answer.</summary>
    internal const int MaxRecords = 300_000;

    private const int PageSize = 1000;

    /// <summary>What is held against the range.</summary>
    private static readonly TimeSpan Past = TimeSpan.FromMinutes(10);

    /// <summary>Changes work for hours.</summary>
    private static readonly TimeSpan ChangePast = TimeSpan.FromHours(6);

    /// <summary>Requests that began within the range are followed for so long after it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The findings, and how many records they rest on; null when there are more than <see cref="MaxRecords"/>.</summary>
    public async Task<(IReadOnlyList<IncidentFinding> Findings, int Records)?> AskAsync(
        InquiryRange range, string? environment, string? service, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var pipeline = new Pipeline(settings.Options.ToPipelineOptions() with { Inquiry = range, Rules = [], Flows = null }, journalId: 0, ranker);
            var player = new EventTimePlayer(pipeline, _ => { });
            var query = new RecordQuery { Environment = environment, Service = service, OldestFirst = true, Limit = PageSize };
            var changes = query with
            {
                Service = null,
                Types = ["change"],
                FromNanos = UnixNanos.From(range.From - ChangePast),
                ToNanos = UnixNanos.From(range.From - Past),
            };
            var all = query with { FromNanos = UnixNanos.From(range.From - Past), ToNanos = UnixNanos.From(range.To + Grace) };
            var read = 0;
            foreach (var part in (RecordQuery[])[changes, all])
            {
                if (await PlayAsync(part, player, read, cancellationToken).ConfigureAwait(false) is not { } played)
                {
                    return null;
                }

                read += played;
            }

            var report = new AnalysisReport();
            report.Add(pipeline.Answers());
            return ([.. report.Incidents], read);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<int?> PlayAsync(RecordQuery query, EventTimePlayer player, int already, CancellationToken cancellationToken)
    {
        var writer = new RecordBatchWriter();
        var played = 0;
        while (true)
        {
            var page = await records.FindAsync(query, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                return played;
            }

            foreach (var record in page)
            {
                RecordCopy.Write(writer, record, record.Id ?? string.Empty, record.Flags);
            }

            var batch = writer.ToBatch(page[^1].TimestampNanos, already + played + 1);
            player.Play(batch, page.Select(r => r.TimestampNanos).ToArray(), 0, batch.Count, new BatchAnnotations(batch.Count));
            played += page.Count;
            if (page.Count < query.Limit)
            {
                return played;
            }

            if (already + played >= MaxRecords)
            {
                return null;
            }

            query = query with { After = (page[^1].TimestampNanos, page[^1].Sequence) };
        }
    }
}
