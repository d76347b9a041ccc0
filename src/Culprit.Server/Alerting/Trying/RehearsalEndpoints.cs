using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Detection;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.Trying;

/// <summary><c>GET /alerts/dry-run</c>: who would have been told of the stored incidents by the rules as they are.</summary>
internal static class RehearsalEndpoints
{
    private const int MaxEvents = 20_000;
    private const int PageSize = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(31);
    private static readonly TimeSpan Usual = TimeSpan.FromDays(7);

    public static void MapRehearsal(this IEndpointRouteBuilder routes) => routes.MapGet("/alerts/dry-run", RunAsync)
        .WithName("RehearseAlerts").WithTags("Alerting").WithSummary("Who would have been told of the stored incidents, when, and why not")
        .WithDescription("`from` and `to` are ISO 8601 times, at most 31 days apart (default: the last 7 days). Sinks take everything; nothing is sent.")
        .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(422);

    private static async Task<IResult> RunAsync(
        HttpContext context, IStateStore state, AlertRules rules, ServiceLabels labels, EngineProgress progress, ISilenceStore silences, TimeProvider clock)
    {
        var query = context.Request.Query;
        if (query.Keys.FirstOrDefault(k => k is not ("from" or "to")) is { } unknown)
        {
            return Problem.BadParameter(unknown, "There is no such parameter; there are from and to.");
        }

        var to = Time(query["to"]) ?? (query.ContainsKey("to") ? null : clock.GetUtcNow());
        var from = Time(query["from"]) ?? (query.ContainsKey("from") ? null : to - Usual);
        if (from is null || to is null || to <= from || to - from > Longest)
        {
            return Problem.BadParameter("from", $"'from' and 'to' are ISO 8601 times in this order, at most {Longest.TotalDays:0} days apart.");
        }

        return await QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            var events = await FindAsync(state, from.Value, to.Value, token).ConfigureAwait(false);
            if (events.Count > MaxEvents)
            {
                return new Problem(422, "too_many_events", $"There are more than {MaxEvents} events of incidents; ask about a shorter time.");
            }

            var found = await new AlertRehearsal(rules, labels, progress, silences).RunAsync(events, to.Value, token).ConfigureAwait(false);
            return new JsonAnswer(200, Render(from.Value, to.Value, found));
        }).ConfigureAwait(false);
    }

    private static async Task<List<DerivedEvent>> FindAsync(IStateStore state, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var query = new DerivedQuery
        {
            Types = AlertRehearsal.Types,
            FromNanos = UnixNanos.From(from),
            ToNanos = UnixNanos.From(to),
            OldestFirst = true,
            Limit = PageSize,
        };
        var events = new List<DerivedEvent>();
        while (events.Count <= MaxEvents && await state.FindAsync(query, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            events.AddRange(page.Select(r => r.Event));
            query = query with { After = (page[^1].Event.TimestampNanos, page[^1].Row) };
        }

        return events;
    }

    private static ReadOnlyMemory<byte> Render(
        DateTimeOffset from, DateTimeOffset to, IReadOnlyList<(string IncidentId, IReadOnlyList<AlertDelivery> Deliveries)> found)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("from", AlertText.Iso(from));
            json.WriteString("to", AlertText.Iso(to));
            json.WriteStartObject("totals");
            foreach (var sink in found.SelectMany(f => f.Deliveries).GroupBy(d => d.Sink).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(sink.Key);
                json.WriteNumber("sent", sink.Count(d => d.State == DeliveryState.Delivered));
                json.WriteNumber("held", sink.Count(d => d.State == DeliveryState.Waiting));
                json.WriteNumber("dropped", sink.Count(d => d.State == DeliveryState.Dropped));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartArray("incidents");
            foreach (var (incident, deliveries) in found)
            {
                json.WriteStartObject();
                json.WriteString("incident_id", incident);
                json.WriteStartArray("deliveries");
                foreach (var delivery in deliveries)
                {
                    json.WriteRawValue(DeliveryJson.Render(delivery).Span, skipInputValidation: true);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static DateTimeOffset? Time(string? text) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}
