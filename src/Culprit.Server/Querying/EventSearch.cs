using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary><c>GET /events</c>: records, their <c>log.error</c> views and derived events as one stream by time.</summary>
internal sealed class EventSearch(IRecordStore records, IStateStore state, PatternNames names, EventJsonWriter writer)
{
    private static readonly Severity[] ErrorLevels = [Severity.Error, Severity.Fatal];

    /// <summary>The answer's body.</summary>
    public async Task<ReadOnlyMemory<byte>> FindAsync(EventFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Pattern is not null)
        {
            await names.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }

        // One more than asked tells whether there is a next page; the stores stop at 1,000.
        var fetch = Math.Min(filter.Limit + 1, EventFilterParser.MaxLimit);
        var recordsAsked = FindRecordsAsync(filter, fetch, cancellationToken);
        var errorsAsked = FindErrorsAsync(filter, fetch, cancellationToken);
        var derivedAsked = FindDerivedAsync(filter, fetch, cancellationToken);
        await Task.WhenAll(recordsAsked, errorsAsked, derivedAsked).ConfigureAwait(false);

        var found = (await recordsAsked.ConfigureAwait(false)).Select(r => new Hit(EventStream.Records, r.TimestampNanos, r.Sequence, r, null))
            .Concat((await errorsAsked.ConfigureAwait(false)).Select(r => new Hit(EventStream.Errors, r.TimestampNanos, r.Sequence, r, null)))
            .Concat((await derivedAsked.ConfigureAwait(false))
                .Select(d => new Hit(EventStream.Derived, d.Event.TimestampNanos, d.Row, null, d.Event)));
        var ordered = (filter.OldestFirst
            ? found.OrderBy(h => h.TimestampNanos).ThenBy(h => h.Stream).ThenBy(h => h.Row)
            : found.OrderByDescending(h => h.TimestampNanos).ThenByDescending(h => h.Stream).ThenByDescending(h => h.Row)).ToList();

        var isFull = new[] { recordsAsked.Result.Count, errorsAsked.Result.Count, derivedAsked.Result.Count }.Any(c => c == fetch);
        var hasMore = ordered.Count > filter.Limit || (isFull && fetch <= filter.Limit);
        var page = ordered.Take(filter.Limit).ToList();
        return Render(page, hasMore ? Next(filter, page).Encode() : null);
    }

    private async Task<IReadOnlyList<StoredRecord>> FindRecordsAsync(EventFilter filter, int limit, CancellationToken cancellationToken)
    {
        var types = filter.Types?.Where(t => t != EventTypes.Error).ToList();
        return types is { Count: 0 }
            ? []
            : await records.FindAsync(
                ToQuery(filter, limit, filter.Cursor?.After(EventStream.Records)) with { Types = types }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<StoredRecord>> FindErrorsAsync(EventFilter filter, int limit, CancellationToken cancellationToken)
    {
        var levels = filter.Levels is null ? ErrorLevels : [.. filter.Levels.Where(l => l.IsError())];
        return filter.Types?.Contains(EventTypes.Error) != true || levels.Length == 0
            ? []
            : await records.FindAsync(
                ToQuery(filter, limit, filter.Cursor?.After(EventStream.Errors)) with
                {
                    Types = [EventTypes.Entry],
                    Levels = levels,
                    WithoutDuplicates = true,
                },
                cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<DerivedRow>> FindDerivedAsync(EventFilter filter, int limit, CancellationToken cancellationToken)
    {
        var types = filter.Types?.Where(t => t is not (EventTypes.Error or EventTypes.Entry)).ToList();
        if (filter.MatchesOnlyRecords || types is { Count: 0 })
        {
            return [];
        }

        var query = new DerivedQuery
        {
            Types = types,
            Service = filter.Service,
            Environment = filter.Environment,
            Text = filter.Text,
            CorrelationId = filter.CorrelationId,
            FromNanos = filter.FromNanos,
            ToNanos = filter.ToNanos,
            OldestFirst = filter.OldestFirst,
            Limit = limit,
            After = filter.Cursor?.After(EventStream.Derived),
        };
        return await state.FindAsync(query, cancellationToken).ConfigureAwait(false);
    }

    private RecordQuery ToQuery(EventFilter filter, int limit, (long TimestampNanos, long Row)? after) => new()
    {
        Service = filter.Service,
        Environment = filter.Environment,
        Levels = filter.Levels,
        Text = filter.Text,
        TraceId = filter.TraceId,
        CorrelationId = filter.CorrelationId,
        Patterns = filter.Pattern is { } pattern ? names.IdsOf(pattern) : null,
        FromNanos = filter.FromNanos,
        ToNanos = filter.ToNanos,
        OldestFirst = filter.OldestFirst,
        Limit = limit,
        After = after,
    };

    private static EventCursor Next(EventFilter filter, List<Hit> page) =>
        new(filter.Fingerprint, page[^1].TimestampNanos, page[^1].Stream, page[^1].Row);

    private ReadOnlyMemory<byte> Render(List<Hit> page, string? next)
    {
        var body = new ArrayBufferWriter<byte>(256 + (512 * page.Count));
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            foreach (var hit in page)
            {
                if (hit.Event is not null)
                {
                    json.WriteRawValue(hit.Event.Json.Span, skipInputValidation: true);
                }
                else if (hit.Stream == EventStream.Errors)
                {
                    writer.WriteError(json, hit.Record!);
                }
                else
                {
                    writer.Write(json, hit.Record!);
                }
            }

            json.WriteEndArray();
            json.WriteString("next_cursor", next);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private sealed record Hit(EventStream Stream, long TimestampNanos, long Row, StoredRecord? Record, DerivedEvent? Event);
}
