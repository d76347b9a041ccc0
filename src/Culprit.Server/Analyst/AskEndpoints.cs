using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.Querying;
using Culprit.Server.RootCause;

namespace Culprit.Server.Analyst;

/// <summary><c>POST /ask</c>: a question in words.</summary>
internal static class AskEndpoints
{
    private const int MaxQuestion = 1000;

    private const string Description = """
        Takes `{"question","environment"?,"from"?,"to"?}`. Without `from` and `to` the question says when: "at 14:05" (UTC), "in the last
        2 hours", or else the last 15 minutes. The ranker answers as for `/diagnose`; a model, when one is configured, explains, and every claim
        of it has been checked against its evidence. `model` is null and `analysis` absent without one.
        """;

    public static void MapAsk(this IEndpointRouteBuilder routes) => routes.MapPost("/ask", AskAsync)
        .WithName("Ask").WithTags("Querying").WithSummary("Why did something fail, in words").WithDescription(Description)
        .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(422);

    private static async Task<IResult> AskAsync(HttpContext context, Asking asking, TimeProvider clock)
    {
        var (json, problem) = await JsonBody.ReadAsync(context, "A question").ConfigureAwait(false);
        using (json)
        {
            if (problem is not null)
            {
                return problem;
            }

            if (json!.RootElement.ValueKind != JsonValueKind.Object || JsonFields.Text(json.RootElement, "question").Trim() is not { Length: > 0 and <= MaxQuestion } question)
            {
                return Problem.BadParameter("question", $"Send an object with 'question', a text of 1 to {MaxQuestion} characters.");
            }

            var range = QuestionTime.Of(question, clock.GetUtcNow());
            if (json.RootElement.TryGetProperty("from", out _) || json.RootElement.TryGetProperty("to", out _))
            {
                (var asked, problem) = DiagnoseEndpoints.ReadRange(json.RootElement);
                if (problem is not null)
                {
                    return problem;
                }

                range = asked!;
            }

            var environment = JsonFields.Text(json.RootElement, "environment") is { Length: > 0 } named ? named : null;
            return await asking.AskAsync(question, range, environment, context.RequestAborted).ConfigureAwait(false) is { } answer
                ? new JsonAnswer(200, Render(answer))
                : new Problem(422, "too_many_records", string.Create(
                    CultureInfo.InvariantCulture, $"There are more than {StoredInquiry.MaxRecords:N0} records; ask about a shorter time or one environment."));
        }
    }

    private static ReadOnlyMemory<byte> Render(Asked asked)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("question", asked.Question);
            json.WriteString("from", CasePrompt.Iso(asked.Range.From));
            json.WriteString("to", CasePrompt.Iso(asked.Range.To));
            json.WriteString("model", asked.Findings.Select(f => f.Analysis?.Model).FirstOrDefault());
            json.WriteStartArray("answers");
            foreach (var finding in asked.Findings)
            {
                json.WriteStartObject();
                json.WriteString("answer", finding.InWords());
                json.WritePropertyName("incident");
                JsonReport.WriteIncident(json, finding.Finding);
                if (finding.Analysis is { } analysis)
                {
                    json.WriteStartObject("analysis");
                    AnalysisEvent.WriteFields(json, analysis);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("records", asked.Records);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
