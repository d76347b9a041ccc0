using System.Text;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Evaluation;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Commands;

namespace Culprit.Server.Evaluation;

/// <summary>What a running server stored in a range of time, read over HTTP and played through an engine here.</summary>
/// <remarks>The server's own engine, rules and alerts are not touched. One page of records is in memory at a time.</remarks>
internal sealed class StoredHistory(HttpClient client, string url, DateTimeOffset from, DateTimeOffset to, string? environment)
{
    private const int PageSize = 1000;

    /// <summary>Plays the records in event time; how many there were.</summary>
    /// <param name="progress">Told after each page: records so far, and their time.</param>
    /// <exception cref="HttpRequestException">The server cannot be reached or refuses.</exception>
    public async Task<long> PlayAsync(EventTimePlayer player, Action<long, DateTimeOffset> progress, CancellationToken cancellationToken)
    {
        var parser = new BatchJsonParser();
        var writer = new RecordBatchWriter();
        var parsed = new BatchParse();
        var played = 0L;
        string? cursor = null;
        do
        {
            var path = $"/events?type=log.entry,metric.value,span,change&order=asc&limit={PageSize}{Range()}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
            using var page = await GetAsync(path, cancellationToken).ConfigureAwait(false);
            var events = page.RootElement.GetProperty("events");
            if (events.GetArrayLength() > 0)
            {
                var received = UnixNanos.From(events[events.GetArrayLength() - 1].GetProperty("timestamp").GetDateTimeOffset());
                parser.Parse(Encoding.UTF8.GetBytes(events.GetRawText()), isLines: false, writer, received, ids: null, parsed);
                var batch = writer.ToBatch(received, played + 1);
                var keys = new long[batch.Count];
                for (var i = 0; i < keys.Length; i++)
                {
                    keys[i] = batch[i].TimestampNanos;
                }

                player.Play(batch, keys, 0, batch.Count, new BatchAnnotations(batch.Count));
                played += batch.Count;
                progress(played, UnixNanos.ToTime(keys[^1]));
            }

            cursor = page.RootElement.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        player.Finish();
        return played;
    }

    /// <summary>The incidents that the server found at the time.</summary>
    public async Task<IReadOnlyList<KnownIncident>> IncidentsAsync(CancellationToken cancellationToken)
    {
        using var answer = await GetAsync($"/incidents?limit={PageSize}{Range()}", cancellationToken).ConfigureAwait(false);
        return
        [
            .. answer.RootElement.GetProperty("incidents").EnumerateArray().Select(i => new KnownIncident(
                i.GetProperty("incident_id").GetString()!,
                i.GetProperty("started_at").GetDateTimeOffset(),
                i.GetProperty("last_seen_at").GetDateTimeOffset(),
                [.. i.GetProperty("services").EnumerateArray().Select(s => s.GetString()!)])).OrderBy(k => k.Start),
        ];
    }

    private string Range() =>
        $"&from={Uri.EscapeDataString(from.ToString("O"))}&to={Uri.EscapeDataString(to.ToString("O"))}{(environment is null ? "" : "&environment=" + Uri.EscapeDataString(environment))}";

    private async Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(ServerCall.Address(url, path), cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(body)
            : throw new HttpRequestException($"it answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(body)}");
    }
}
