using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.Querying;
using Culprit.Server.Reporting;

namespace Culprit.Server.RootCause.Learning;

/// <summary><c>POST /incidents/{id}/feedback</c>: people accept, reject or correct a cause.</summary>
internal static class FeedbackEndpoints
{
    private const int MaxTextLength = 500;

    private const string Description = """
        `{"verdict":"accept"|"reject"|"correct","service"?,"name"?,"runbook"?,"note"?}`. A correction names the `service` that is to blame; `accept` takes the
        one that the explanation blames when it names none. What is accepted or corrected is recognised the next time.
        """;

    public static void MapFeedback(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/incidents/{id}/feedback", ListAsync)
            .WithName("ListFeedback").WithTags("Querying").WithSummary("What people said of the cause of an incident, oldest first")
            .Produces<object>(200, "application/json");
        routes.MapPost("/incidents/{id}/feedback", PostAsync)
            .RequireScope(KeyScopes.Admin).WithMetadata(new AuditedRoute())
            .WithName("GiveFeedback").WithTags("Querying").WithSummary("Accept, reject or correct the cause of an incident").WithDescription(Description)
            .Produces<object>(201, "application/json").ProducesProblem(400).ProducesProblem(404).ProducesProblem(413);
    }

    private static Task<IResult> ListAsync(HttpContext context, string id, IFeedbackStore store, TimeProvider clock) =>
        QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            var all = await store.AllAsync(token).ConfigureAwait(false);
            return new JsonAnswer(200, QueryEndpoints.List("feedback", all.Where(f => f.IncidentId == id).Select(Render)));
        });

    private static async Task<IResult> PostAsync(HttpContext context, string id, IncidentReportReader reader, KnownCauseBook book, TimeProvider clock)
    {
        var (body, problem) = await ReadAsync(context).ConfigureAwait(false);
        return problem ?? await QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            if (await reader.FindAsync(id, token).ConfigureAwait(false) is not { Anomalies.Count: > 0 } finding)
            {
                return Problem.NotFound($"There is no incident {JsonText.Echo(id)}.");
            }

            if ((body!.Service ?? Blamed(finding)) is not { } service)
            {
                return Problem.BadParameter("service", "The explanation blames nobody: name the 'service' that you mean.");
            }

            var feedback = new Feedback
            {
                IncidentId = id,
                Verdict = body.Verdict,
                Service = service,
                Name = body.Name,
                Runbook = body.Runbook ?? RunbookOf(finding),
                Note = body.Note,
                Signature = KnownCauseReader.SignatureOf(finding),
                IncidentAt = finding.State.GetProperty("started_at").GetDateTimeOffset(),
                At = clock.GetUtcNow(),
            };

            // Not cancelled by a client that leaves: it may have been told of nothing, but a half is no answer either.
            await book.AddAsync(feedback, CancellationToken.None).ConfigureAwait(false);
            return new JsonAnswer(201, Render(feedback));
        }).ConfigureAwait(false);
    }

    private static string? Blamed(IncidentFinding finding) =>
        finding.Cause.ValueKind == JsonValueKind.Object && finding.Cause.GetProperty("hypotheses") is var all && all.GetArrayLength() > 0
            ? CauseName.Blamed(all[0]) : null;

    private static string? RunbookOf(IncidentFinding finding) =>
        finding.Cause.ValueKind == JsonValueKind.Object && finding.Cause.TryGetProperty("runbook", out var runbook) && runbook.ValueKind == JsonValueKind.Object
            ? runbook.GetProperty("path").GetString() : null;

    private static async Task<(Body? Body, Problem? Problem)> ReadAsync(HttpContext context)
    {
        var (json, problem) = await JsonBody.ReadAsync(context, "Feedback").ConfigureAwait(false);
        using (json)
        {
            return problem is not null ? (null, problem) : Read(json!.RootElement);
        }
    }

    private static (Body? Body, Problem? Problem) Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, new Problem(400, "bad_feedback", "Send an object with 'verdict'."));
        }

        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var name in (ReadOnlySpan<string>)["verdict", "service", "name", "runbook", "note"])
        {
            var isGiven = json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
            if (isGiven && (value.ValueKind != JsonValueKind.String || value.GetString()!.Length is 0 or > MaxTextLength))
            {
                return (null, Problem.BadParameter(name, $"'{name}' must be a text of 1 to {MaxTextLength} characters."));
            }

            texts[name] = isGiven ? value.GetString() : null;
        }

        if (FeedbackWords.TryParse(texts["verdict"]) is not { } verdict)
        {
            return (null, Problem.BadParameter("verdict", "'verdict' must be accept, reject or correct."));
        }

        return verdict == FeedbackVerdict.Correct && texts["service"] is null
            ? (null, Problem.BadParameter("service", "A correction must name the 'service' that is to blame."))
            : (new Body(verdict, texts["service"], texts["name"], texts["runbook"], texts["note"]), null);
    }

    private static ReadOnlyMemory<byte> Render(Feedback feedback)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("incident_id", feedback.IncidentId);
            json.WriteString("verdict", feedback.Verdict.ToWire());
            json.WriteString("service", feedback.Service);
            json.WriteString("name", feedback.Name);
            json.WriteString("runbook", feedback.Runbook);
            json.WriteString("note", feedback.Note);
            json.WriteString("at", feedback.At.UtcDateTime);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private sealed record Body(FeedbackVerdict Verdict, string? Service, string? Name, string? Runbook, string? Note);
}
