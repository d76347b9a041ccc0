using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.RootCause;

/// <summary><c>POST /diagnose</c>: ranked causes for a stretch of time, whether or not a detector found anything in it.</summary>
internal static class DiagnoseEndpoints
{
    private static readonly TimeSpan MaxRange = TimeSpan.FromHours(24);

    private const string Description = """
        Takes `{"from","to","environment"?,"service"?}`: from when to when something was wrong. The ten minutes before are what it is
        held against; changes count from six hours before. `service` reads the records of that one only. The answer is
        `{"incidents":[…],"records":n}` as of `culprit diagnose --json`, one for each environment that has records.
        """;

    public static void MapDiagnose(this IEndpointRouteBuilder routes) => routes.MapPost("/diagnose", DiagnoseAsync)
        .WithName("Diagnose").WithTags("Querying").WithSummary("Root cause of a time range").WithDescription(Description)
        .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(413).ProducesProblem(422).ProducesProblem(504);

    private static async Task<IResult> DiagnoseAsync(HttpContext context, StoredInquiry inquiry, TimeProvider clock)
    {
        var (question, problem) = await ReadAsync(context).ConfigureAwait(false);
        return problem ?? await QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            var answer = await inquiry.AskAsync(question!.Range, question.Environment, question.Service, token).ConfigureAwait(false);
            return answer is { } found
                ? new JsonAnswer(200, Render(found.Findings, found.Records))
                : new Problem(422, "too_many_records", string.Create(
                    CultureInfo.InvariantCulture, $"There are more than {StoredInquiry.MaxRecords:N0} records; ask about a shorter time or one environment or service."));
        }).ConfigureAwait(false);
    }

    /// <summary>The times of an object with <c>from</c> and <c>to</c>, or what is wrong with them.</summary>
    internal static (InquiryRange? Range, Problem? Problem) ReadRange(JsonElement json)
    {
        if (JsonFields.Time(json, "from") is not { } from)
        {
            return (null, Problem.BadParameter("from", "'from' must be an ISO 8601 time, such as 2026-03-01T14:03:00Z."));
        }

        return JsonFields.Time(json, "to") is { } to && to > from && to - from <= MaxRange
            ? (new InquiryRange(from, to), null)
            : (null, Problem.BadParameter("to", $"'to' must be an ISO 8601 time after 'from', by at most {MaxRange.TotalHours:0} hours."));
    }

    private static async Task<(Question? Question, Problem? Problem)> ReadAsync(HttpContext context)
    {
        var (json, problem) = await JsonBody.ReadAsync(context, "A question").ConfigureAwait(false);
        using (json)
        {
            return problem is not null ? (null, problem) : Read(json!.RootElement);
        }
    }

    private static (Question? Question, Problem? Problem) Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, new Problem(400, "bad_question", "Send an object with 'from' and 'to'."));
        }

        var (range, problem) = ReadRange(json);
        return range is null ? (null, problem) : (new Question(range, JsonFields.TextOrNull(json, "environment"), JsonFields.TextOrNull(json, "service")), null);
    }

    internal static ReadOnlyMemory<byte> Render(IReadOnlyList<IncidentFinding> findings, int records)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("incidents");
            foreach (var finding in findings)
            {
                JsonReport.WriteIncident(json, finding);
            }

            json.WriteEndArray();
            json.WriteNumber("records", records);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private sealed record Question(InquiryRange Range, string? Environment, string? Service);
}
