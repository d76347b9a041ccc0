using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Adds to an alert what the suspect and the first service that failed last said before the onset; everything else is the sink's own.</summary>
/// <remarks>
/// The engine sees counts, not lines, so they are read from the store on the way out. An alert never waits for them longer than
/// <see cref="Patience"/>, and goes out without them when the store fails.
/// </remarks>
internal sealed partial class LinesBeforeSink(IAlertSink sink, IRecordStore records, TimeProvider clock, ILogger<LinesBeforeSink> logger) : IAlertSink
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int LinesPerService = 3;
    private const int MaxServices = 2;

    private static readonly TimeSpan Reach = TimeSpan.FromMinutes(10);

    public string Name => sink.Name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken) =>
        await sink.DeliverAsync(await QuoteAsync(alert, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task<OutboxItem> QuoteAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(item.Json, out var alert, out _)
            || alert.Kind is not (AlertKind.Firing or AlertKind.Updated)
            || alert.StartedAt is not { } onset
            || alert.LinesBefore.Count > 0
            || alert.FailingSink is not null)
        {
            return item;
        }

        using var deadline = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var lines = await FindAsync(alert, onset, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return lines.Count > 0 ? item with { Json = EventJson.With(item.Json, ("lines_before", writer => Write(writer, lines))) } : item;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The outermost place of an addition: an alert without it is better than none.
            NotQuoted(item.Id, e);
            return item;
        }
    }

    /// <summary>Oldest first.</summary>
    private async Task<List<StoredRecord>> FindAsync(Alert alert, DateTimeOffset onset, CancellationToken cancellationToken)
    {
        var found = new List<StoredRecord>();
        foreach (var service in alert.Services.Take(1).Append(alert.Suspect).OfType<string>().Distinct(StringComparer.Ordinal).Take(MaxServices))
        {
            found.AddRange(await records.FindAsync(
                new RecordQuery
                {
                    Types = ["log.entry"],
                    Service = service,
                    Environment = alert.Environment,
                    FromNanos = UnixNanos.From(onset - Reach),
                    ToNanos = UnixNanos.From(onset),
                    WithoutDuplicates = true,
                    Limit = LinesPerService,
                },
                cancellationToken).ConfigureAwait(false));
        }

        return [.. found.OrderBy(r => r.TimestampNanos).ThenBy(r => r.Sequence)];
    }

    private static void Write(Utf8JsonWriter writer, List<StoredRecord> lines)
    {
        writer.WriteStartArray();
        foreach (var line in lines)
        {
            EventWriter.WriteLine(writer, line.TimestampNanos, line.Service, line.Severity, TextCut.Fit(line.Body, RecordRef.MaxTextLength));
        }

        writer.WriteEndArray();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert {Alert} goes out without the lines before its onset")]
    private partial void NotQuoted(string alert, Exception exception);
}
