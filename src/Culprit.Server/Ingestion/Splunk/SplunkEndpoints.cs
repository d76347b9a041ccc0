using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion.Splunk;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Splunk;

/// <summary>Splunk's HTTP event collector: Splunk's own forwarders and SDKs, Vector, Fluent Bit, Docker's driver.</summary>
internal static class SplunkEndpoints
{
    private const string Description = """
        Splunk's HTTP event collector. An equal body whose events all have a time counts once. With a channel the answer has an `ackId`,
        which is acknowledged at once: a success means durable.
        """;

    private static readonly string[] MetadataNames = ["host", "source", "sourcetype", "index"];

    public static IServiceCollection AddSplunk(this IServiceCollection services) => services
        .AddSingleton<DecoderPool<HecDecoder>>().AddSingleton<DecoderPool<HecRawDecoder>>().AddSingleton<HecAckIds>();

    public static void MapSplunk(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/services/collector").WithTags("Ingestion");
        group.MapPost("/event", EventAsync).WithSummary("Splunk HEC").WithDescription(Description).Produces<object>(200, "application/json");
        group.MapPost("", EventAsync).ExcludeFromDescription();
        group.MapPost("/event/1.0", EventAsync).ExcludeFromDescription();
        group.MapPost("/raw", RawAsync).ExcludeFromDescription();
        group.MapPost("/raw/1.0", RawAsync).ExcludeFromDescription();
        group.MapPost("/ack", (Delegate)AckAsync).ExcludeFromDescription();
        foreach (var path in new[] { "/health", "/health/1.0" })
        {
            group.MapGet(path, () => new JsonAnswer(200, "{\"text\":\"HEC is healthy\",\"code\":17}"u8.ToArray())).ExcludeFromDescription();
        }
    }

    // Splunk looks at no media type, and its clients send any.
    private static Task<IResult> EventAsync(HttpContext context, ShipperRequests requests, DecoderPool<HecDecoder> decoders, HecAckIds ackIds) =>
        decoders.LendAsync(async decoder =>
        {
            var (_, problem) = await requests.TakeAsync(context, "splunk", decoder, (_, _) => "").ConfigureAwait(false);
            return problem is null ? HecAnswer.Success(ackIds.Next(HasChannel(context.Request))) : HecAnswer.Of(problem, decoder.Fault, decoder.FaultyEvent);
        });

    private static Task<IResult> RawAsync(HttpContext context, ShipperRequests requests, DecoderPool<HecRawDecoder> decoders, HecAckIds ackIds)
    {
        if (!HasChannel(context.Request))
        {
            return Task.FromResult(HecAnswer.NoChannel());
        }

        List<KeyValuePair<string, string>> metadata =
            [.. MetadataNames.Where(context.Request.Query.ContainsKey).Select(name => KeyValuePair.Create(name, context.Request.Query[name].ToString()))];
        return decoders.LendAsync(async decoder =>
        {
            decoder.Metadata = metadata;
            var scope = "splunk-raw " + string.Join('\n', metadata.Select(pair => pair.Value));
            var (_, problem) = await requests.TakeAsync(context, scope, decoder, (_, _) => "").ConfigureAwait(false);
            return problem is null ? HecAnswer.Success(ackIds.Next(true)) : HecAnswer.Of(problem, HecFault.None, 0);
        });
    }

    /// <summary>An id is only given once its events are durable, so all that are asked for are.</summary>
    private static async Task<IResult> AckAsync(HttpContext context)
    {
        if (!HasChannel(context.Request))
        {
            return HecAnswer.NoChannel();
        }

        var (json, problem) = await JsonBody.ReadAsync(context, "A list of acks").ConfigureAwait(false);
        using (json)
        {
            if (problem is not null || json!.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("acks", out var asked) || asked.ValueKind != JsonValueKind.Array)
            {
                return HecAnswer.Of(problem ?? new Problem(400, "bad_acks", "Invalid data format"), HecFault.None, 0);
            }

            var acks = new JsonObject();
            foreach (var id in asked.EnumerateArray())
            {
                acks[id.GetRawText()] = id.ValueKind == JsonValueKind.Number;
            }

            return new JsonAnswer(200, System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["acks"] = acks }.ToJsonString()));
        }
    }

    private static bool HasChannel(HttpRequest request) =>
        !string.IsNullOrEmpty(request.Headers["X-Splunk-Request-Channel"]) || !string.IsNullOrEmpty(request.Query["channel"]);
}
