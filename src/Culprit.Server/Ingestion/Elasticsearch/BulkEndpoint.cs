using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Elasticsearch;
using Culprit.Engine.Records;
using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary><c>POST /_bulk</c>.</summary>
internal sealed class BulkEndpoint(ShipperRequests requests, DecoderPool<BulkDecoder> decoders, IJournal journal, TimeProvider clock)
{
    public async Task<IResult> TakeAsync(HttpContext context)
    {
        var started = clock.GetTimestamp();
        var request = context.Request;
        if (!IsAccepted(ShipperRequests.MediaTypeOf(request)))
        {
            return ElasticsearchAnswer.Of(requests.Reject(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "media_type_header_exception", "Content-Type must be application/x-ndjson or application/json.")));
        }

        var index = request.RouteValues["index"] as string ?? "";
        var form = new BulkAnswer(request.Query["filter_path"].ToString());
        return await decoders.LendAsync(async decoder =>
        {
            var (answer, problem) = await requests.TakeAsync(
                context,
                "elasticsearch",
                decoder,
                (body, taken) => form.Write(
                    body.Span, decoder.Items, index, (long)clock.GetElapsedTime(started).TotalMilliseconds, Forbidden(taken.Parse), record => IdOf(taken, record))).ConfigureAwait(false);
            return problem is null ? new ElasticsearchAnswer(StatusCodes.Status200OK, answer!) : ElasticsearchAnswer.Of(problem);
        }).ConfigureAwait(false);
    }

    private static HashSet<int> Forbidden(BatchParse parse) =>
        [.. parse.Rejected.Where(r => r.Code == RejectionCodes.NotPermitted).Select(r => r.Index)];

    private static bool IsAccepted(string? type) => type is "" or "application/x-ndjson" or "application/json" or "application/ndjson"
        or "application/vnd.elasticsearch+x-ndjson" or "application/vnd.elasticsearch+json" or "text/json";

    /// <summary>The id by which the record is found; of one that was sampled out, taken before, or is numbered later, a name that finds nothing.</summary>
    private string IdOf(Intake taken, int record) => journal.NumbersAtOnce && taken is { Sampled: 0, Parse.HasForbidden: false, Batch: { } batch } && record < batch.Count && batch[record].Id.IsEmpty
        ? RecordId.Format(journal.Id, batch[record].Sequence)
        : RecordId.Format(0, record);
}
