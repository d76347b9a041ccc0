using Culprit.Engine.Ingestion;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Reporting;

/// <summary><c>GET /incidents/{id}/report</c>.</summary>
internal static class ReportEndpoints
{
    private const string Description = """
        Timeline, cause with its evidence and log lines, what was ruled out, changes near it, recommended action and runbook.
        `format` is `json` (default), `md` or `html`.
        """;

    public static void MapReports(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/incidents/{id}/report", ReportAsync)
            .WithName("GetIncidentReport").WithTags("Querying").WithSummary("An incident written up").WithDescription(Description)
            .Produces<object>(200, "application/json").Produces<string>(200, "text/markdown").Produces<string>(200, "text/html")
            .ProducesProblem(400).ProducesProblem(404);

    private static Task<IResult> ReportAsync(HttpContext context, string id, IncidentReportReader reader, TimeProvider clock, string format = "json") =>
        format is not ("json" or "md" or "html")
            ? Task.FromResult<IResult>(Problem.BadParameter("format", $"format {JsonText.Echo(format)} is not one of json, md, html."))
            : QueryEndpoints.LimitedAsync(context, clock, async token => await reader.ReadAsync(id, token).ConfigureAwait(false) switch
            {
                null => Problem.NotFound($"There is no incident {JsonText.Echo(id)}."),
                var report when format == "md" => TypedResults.Text(IncidentMarkdown.Render(report), "text/markdown; charset=utf-8"),
                var report when format == "html" => TypedResults.Text(IncidentHtml.Render(report), "text/html; charset=utf-8"),
                var report => new JsonAnswer(200, IncidentJson.Render(report)),
            });
}
