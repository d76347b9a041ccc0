using Culprit.Engine.Alerting;
using Culprit.Engine.Ingestion;
using Culprit.Server.Access;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.People;

/// <summary><c>/silences</c>: make, list, end. A caller reaches those of the environments that its key permits.</summary>
internal static class SilenceEndpoints
{
    private const int MaxSilences = 1000;

    private const string Description = """
        `{"environments"?,"services"?,"anomaly_types"?,"labels"?,"incidents"?,"min_severity"?,"max_severity"?,"starts_at"?,"ends_at"|"duration","comment","by"?}`:
        lists of names, `*` for any text, at least one; an alert is held back when all of its services and label values match. At most 90 days.
        """;

    public static void MapSilences(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/silences", CreateAsync).WithMetadata(new AuditedRoute()).WithMetadata(new NeedsEngine())
            .WithName("CreateSilence").WithTags("Alerting").WithSummary("Hold alerts back for a time").WithDescription(Description)
            .Produces<object>(201, "application/json").ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
        routes.MapDelete("/silences/{id}", EndAsync).WithMetadata(new AuditedRoute()).WithMetadata(new NeedsEngine())
            .WithName("EndSilence").WithTags("Alerting").WithSummary("End a silence now; what it held back is sent while its incident is open")
            .Produces<object>(200, "application/json").ProducesProblem(404).ProducesProblem(503);
    }

    /// <summary>For whoever may read.</summary>
    public static void MapSilenceList(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/silences", (SilenceBook book, TimeProvider clock) => new JsonAnswer(
                200, QueryEndpoints.List("silences", book.All.Where(IsVisible).Select(s => SilenceJson.Render(s, clock.GetUtcNow())))))
            .WithMetadata(new NeedsEngine()).WithName("ListSilences").WithTags("Alerting").WithSummary("Silences, ended ones of the last 30 days too")
            .Produces<object>(200, "application/json");

    private static async Task<IResult> CreateAsync(HttpContext context, SilenceBook book, TimeProvider clock)
    {
        var (json, problem) = await JsonBody.ReadAsync(context, "A silence").ConfigureAwait(false);
        using (json)
        {
            if (problem is not null)
            {
                return problem;
            }

            var author = Caller.Current?.Key?.Name ?? Caller.Local.Name;
            var id = Guid.NewGuid().ToString("N")[..12];
            var (silence, mistake) = SilenceJson.ReadRequest(json!.RootElement, author, id, clock.GetUtcNow());
            if (mistake is not null)
            {
                return mistake;
            }

            if (!IsVisible(silence!))
            {
                return new Problem(403, "forbidden", $"This key reaches only the environments {string.Join(", ", Caller.Environments!)}: name them in 'environments'.");
            }

            if (book.All.Count(s => s.EndsAt > clock.GetUtcNow()) >= MaxSilences)
            {
                return new Problem(409, "too_many_silences", $"There are {MaxSilences} silences: end some first.");
            }

            await book.AddAsync(silence!).ConfigureAwait(false);
            return new JsonAnswer(201, SilenceJson.Render(silence!, clock.GetUtcNow()));
        }
    }

    private static async Task<IResult> EndAsync(string id, SilenceBook book, TimeProvider clock) =>
        book.All.Any(s => s.Id == id && IsVisible(s)) && await book.EndAsync(id).ConfigureAwait(false) is { } ended
            ? new JsonAnswer(200, SilenceJson.Render(ended, clock.GetUtcNow()))
            : Problem.NotFound($"There is no silence {JsonText.Echo(id)}.");

    /// <summary>A silence reaches no environment beyond those of the caller: patterns name none for sure.</summary>
    private static bool IsVisible(Silence silence) =>
        Caller.Environments is null || (silence.Match.Environments.Count > 0 && silence.Match.Environments.All(e => !e.Contains('*', StringComparison.Ordinal) && Caller.Sees(e)));
}
