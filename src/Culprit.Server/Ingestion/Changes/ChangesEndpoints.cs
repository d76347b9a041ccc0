using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Changes;
using Culprit.Server.Access;
using Culprit.Server.Configuration;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Changes;

/// <summary><c>POST /changes</c> and GitHub's webhook: what people changed, as <c>change</c> events.</summary>
internal static class ChangesEndpoints
{
    private const string Description = """
        Takes one change or an array of them: `kind` (commit, deploy, flag, configuration, certificate ...), and what is known of
        `service`, `environment`, `timestamp`, `message`, `sha` or `change_id`, `version`, `author`, `url`, `files_changed`, `diff`.
        Further fields are kept. Each becomes a `change` event, and the answer is that of `POST /events`.
        """;

    private const string GitHubDescription = """
        The address of a GitHub webhook with content type application/json and the secret of `changes: gitHub: secret`. Takes push
        (to the default branch), deployment, deployment_status and release; a redelivery counts once.
        """;

    public static void MapChanges(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/changes", PublishAsync)
            .WithName("PublishChanges").WithTags("Ingestion").WithSummary("Publish changes").WithDescription(Description)
            .Produces<object>(201, "application/json").Produces<object>(200, "application/json")
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503);

        // Signed, which proves more than a key does.
        routes.MapPost("/changes/github", GitHubAsync)
            .NeedsNoKey()
            .WithName("PublishGitHubChanges").WithTags("Ingestion").WithSummary("GitHub's webhook").WithDescription(GitHubDescription)
            .Produces<object>(200, "application/json").Produces(204)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(413).ProducesProblem(503);
    }

    private static Task<IResult> PublishAsync(HttpContext context, BodyReader bodies, EventIntake intake)
    {
        var keys = context.Request.Headers["Idempotency-Key"];
        var key = keys.Count == 0 ? null : keys.ToString();
        return key is { Length: 0 or > IdempotencyKeys.MaxKeyLength }
            ? Task.FromResult<IResult>(new Problem(400, "bad_idempotency_key", $"Idempotency-Key must have 1 to {IdempotencyKeys.MaxKeyLength} characters."))
            : TakeAsync(context, bodies, body => ChangeMapper.Map(body.Memory), events => intake.TakeAsync(events, isLines: false, key));
    }

    private static Task<IResult> GitHubAsync(HttpContext context, BodyReader bodies, EventIntake intake, Settings settings)
    {
        var section = settings.Options.Changes.GitHub;
        if (string.IsNullOrEmpty(section.Secret))
        {
            return Task.FromResult<IResult>(new Problem(
                403, "webhook_not_configured", "Set changes: gitHub: secret to the secret of the webhook; without it nobody can be told from GitHub."));
        }

        var headers = context.Request.Headers;
        return TakeAsync(
            context,
            bodies,
            body => GitHubSignature.IsValid(section.Secret, headers["X-Hub-Signature-256"].ToString(), body.Span)
                ? new GitHubChangeMapper(section.Services).Map(headers["X-GitHub-Event"].ToString(), body.Memory)
                : null,
            events => intake.TakeAsync(events, isLines: false, key: null));
    }

    /// <param name="map">Null when the body is not signed as it must be.</param>
    private static async Task<IResult> TakeAsync(
        HttpContext context, BodyReader bodies, Func<PooledBuffer, ChangeMapping?> map, Func<ReadOnlyMemory<byte>, Task<IResult>> take)
    {
        var (body, problem) = await bodies.ReadAsync(context).ConfigureAwait(false);
        if (problem is not null)
        {
            return problem;
        }

        using (body)
        {
            try
            {
                return map(body!) switch
                {
                    null => new Problem(401, "bad_signature", "X-Hub-Signature-256 is missing or does not fit body and secret."),
                    { Refusal: { } refusal } => new Problem(400, "bad_change", refusal + "."),
                    { Events.IsEmpty: true } => TypedResults.NoContent(),
                    { Events: var events } => await take(events).ConfigureAwait(false),
                };
            }
            catch (JsonException e)
            {
                return body!.Length == 0
                    ? new Problem(400, RejectionCodes.EmptyBody, "The body is empty; send a JSON object or an array.")
                    : new Problem(400, RejectionCodes.BadJson, $"The body is no JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine}).");
            }
        }
    }
}
