using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Server.Access;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;

namespace Culprit.Server.Alerting.People;

/// <summary><c>POST /incidents/{id}/acknowledge</c> and <c>/resolve</c>: people answer.</summary>
internal static class IncidentActEndpoints
{
    private const int MaxText = 500;
    private const string Description = "`{\"by\"?,\"comment\"?}`, or no body. `by` is the name of the key when it is not given.";

    public static void MapIncidentActs(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/incidents/{id}/acknowledge", (HttpContext context, string id, IncidentDesk desk) => ActAsync(context, id, ActKind.Acknowledged, desk))
            .WithMetadata(new AuditedRoute()).WithMetadata(new NeedsEngine()).WithName("AcknowledgeIncident").WithTags("Alerting")
            .WithSummary("Somebody has taken it on: no repetition and no escalation any more").WithDescription(Description)
            .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
        routes.MapPost("/incidents/{id}/resolve", (HttpContext context, string id, IncidentDesk desk) => ActAsync(context, id, ActKind.Resolved, desk))
            .WithMetadata(new AuditedRoute()).WithMetadata(new NeedsEngine()).WithName("ResolveIncident").WithTags("Alerting")
            .WithSummary("Somebody says that it is over; it is opened again when it goes on for 15 minutes").WithDescription(Description)
            .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
    }

    private static async Task<IResult> ActAsync(HttpContext context, string id, ActKind kind, IncidentDesk desk)
    {
        var (by, comment, problem) = await ReadAsync(context).ConfigureAwait(false);
        if (problem is not null)
        {
            return problem;
        }

        var (incident, refusal) = await desk.ActAsync(id, kind, by ?? NameOfCaller(), comment, context.RequestAborted).ConfigureAwait(false);
        return refusal is not null ? refusal : new JsonAnswer(200, incident);
    }

    private static string NameOfCaller() => Caller.Current?.Key?.Name ?? Caller.Local.Name;

    private static async Task<(string? By, string? Comment, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is 0 or null && context.Request.Headers.TransferEncoding.Count == 0)
        {
            return default;
        }

        var (json, problem) = await JsonBody.ReadAsync(context, "An answer").ConfigureAwait(false);
        if (problem is not null)
        {
            return (null, null, problem);
        }

        using (json)
        {
            return json!.RootElement.ValueKind != JsonValueKind.Object ? (null, null, new Problem(400, "bad_answer", "Send an object with 'by' and 'comment', or nothing."))
                : (Check(json.RootElement, "by") ?? Check(json.RootElement, "comment")) is { } mistake ? (null, null, mistake)
                : (JsonFields.TextOrNull(json.RootElement, "by"), JsonFields.TextOrNull(json.RootElement, "comment"), null);
        }
    }

    private static Problem? Check(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null
        || (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= MaxText } text && !text.Any(char.IsControl))
            ? null
            : Problem.BadParameter(name, $"'{name}' must be a text of 1 to {MaxText} characters without control characters.");
}
