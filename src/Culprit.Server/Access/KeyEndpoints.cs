using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Storage;
using Culprit.Server.Http;

namespace Culprit.Server.Access;

/// <summary><c>/keys</c> and <c>/audit</c>, for keys with the scope <c>admin</c>.</summary>
internal static class KeyEndpoints
{
    private const int MaxEntries = 1000;

    private const string Description = """
        `{"name","scopes":["ingest"|"read"|"respond"|"admin"],"environments"?,"services"?,"minimum_level"?,"sample"?,"records_per_second"?,"bytes_per_day"?,
        "low_priority"?,"expires_in_days"?}`. The answer has the secret in `key`; it is not shown again.
        """;

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/keys", CreateAsync).WithMetadata(new AuditedRoute())
            .WithName("CreateKey").WithTags("Access").WithSummary("Make an API key").WithDescription(Description)
            .Produces<object>(201, "application/json").ProducesProblem(400);
        routes.MapGet("/keys", ListAsync).WithName("ListKeys").WithTags("Access").WithSummary("API keys, without their secrets")
            .Produces<object>(200, "application/json");
        routes.MapDelete("/keys/{id}", RevokeAsync).WithMetadata(new AuditedRoute())
            .WithName("RevokeKey").WithTags("Access").WithSummary("End an API key").Produces(204).ProducesProblem(404);
        routes.MapGet("/audit", AuditAsync).WithName("ListAudit").WithTags("Access").WithSummary("Who changed what, newest first, at most 1,000")
            .Produces<object>(200, "application/json");
    }

    private static async Task<IResult> CreateAsync(HttpContext context, IKeyStore store, KeyRing ring, TimeProvider clock)
    {
        var (json, problem) = await JsonBody.ReadAsync(context, "A key").ConfigureAwait(false);
        if (problem is not null)
        {
            return problem;
        }

        using (json)
        {
            try
            {
                var (key, secret) = KeyJson.ReadRequest(json!.RootElement).Make(clock.GetUtcNow());
                await store.AddAsync(key, CancellationToken.None).ConfigureAwait(false);
                await ring.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
                context.Response.Headers.CacheControl = "no-store";
                return new JsonAnswer(201, KeyJson.Render(key, secret, clock.GetUtcNow()));
            }
            catch (JsonException)
            {
                return new Problem(400, "bad_key", "A key has a 'name' and 'scopes', and the other fields that the API's description lists.");
            }
            catch (ArgumentException e)
            {
                return new Problem(400, "bad_key", e.Message);
            }
        }
    }

    private static async Task<IResult> ListAsync(IKeyStore store, TimeProvider clock, CancellationToken cancellationToken) =>
        new JsonAnswer(200, KeyJson.Render(await store.AllAsync(cancellationToken).ConfigureAwait(false), clock.GetUtcNow()));

    private static async Task<IResult> RevokeAsync(string id, IKeyStore store, KeyRing ring, TimeProvider clock)
    {
        if (!await store.RevokeAsync(id, clock.GetUtcNow(), CancellationToken.None).ConfigureAwait(false))
        {
            return Problem.NotFound($"There is no key {JsonText.Echo(id)}.");
        }

        await ring.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> AuditAsync(IKeyStore store, CancellationToken cancellationToken) =>
        new JsonAnswer(200, KeyJson.Render(await store.AuditedAsync(MaxEntries, cancellationToken).ConfigureAwait(false)));
}
