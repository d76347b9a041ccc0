using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Ingestion;
using Culprit.Server.Access;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.Trying;

/// <summary><c>POST /alerts/routes/{name}/test</c>: whether alerts of a route arrive.</summary>
internal static class AlertTestEndpoints
{
    public static void MapAlertTest(this IEndpointRouteBuilder routes) => routes.MapPost("/alerts/routes/{name}/test", TestAsync)
        .WithMetadata(new AuditedRoute()).WithName("TestAlertRoute").WithTags("Alerting")
        .WithSummary("Sends a test alert to each sink of a route, and tells what it answered")
        .Produces<object>(200, "application/json").ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> TestAsync(HttpContext context, string name, AlertTest test)
    {
        if (test.Find(name) is not { } route)
        {
            return Problem.NotFound($"There is no route with the name {JsonText.Echo(name)}.");
        }

        if (Caller.Environments is { } own && route.Match.Environments is { Count: > 0 } patterns
            && !own.Any(e => patterns.Any(p => NamePattern.Matches(p, e))))
        {
            return new Problem(403, "forbidden", "The route takes no alert of an environment that this key reaches.");
        }

        var answers = await test.RunAsync(route, Caller.Current?.Key?.Name ?? Caller.Local.Name, context.RequestAborted).ConfigureAwait(false);
        return new JsonAnswer(200, Render(route, answers));
    }

    private static ReadOnlyMemory<byte> Render(AlertRoute route, IReadOnlyList<TestAnswer> answers)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("route", route.Name);
            json.WriteStartArray("sinks");
            foreach (var (sink, result) in answers)
            {
                json.WriteStartObject();
                json.WriteString("sink", sink);
                json.WriteString("outcome", WordOf(result.Outcome));
                json.WriteString("detail", result.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static string WordOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered => "delivered",
        DeliveryOutcome.Retryable => "failed",
        DeliveryOutcome.Rejected => "refused",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown outcome {outcome}."),
    };
}
