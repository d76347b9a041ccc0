using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Culprit.Server.Ingestion;
using Microsoft.AspNetCore.Mvc;

namespace Culprit.Server.Querying.WebSockets;

/// <summary><c>GET /ws/{client_id}</c>: publish and subscribe over one WebSocket.</summary>
internal static class SocketEndpoints
{
    private const string Description = """
        A WebSocket; each text frame is one JSON message. `{"action":"publish","event":{…},"ref":"1"}` (or `"events":[…]`) is
        answered with `{"ref":"1","status":"published","ids":[…]}` once the events are on disk, or with `"status":"rejected"`,
        `code` and `detail`; an object without `action` is published as an event. `{"action":"subscribe","types":[…],"service":…,
        "environment":…,"level":…,"text":…,"trace_id":…}` sends live events as `{"event":{…}}` and replaces the subscription
        before it; `unsubscribe` ends it, `ping` is answered with `pong`. A client that is too slow gets `{"dropped":n}`; one that
        reads nothing for 30 seconds is closed. A message may have 1 MiB.
        """;

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    public static void MapSockets(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/ws/{client_id}", ConnectAsync)
            .RequireScope(KeyScopes.Ingest | KeyScopes.Read)
            .WithMetadata(new StreamingRoute())
            .WithName("OpenSocket").WithTags("Querying").WithSummary("Publish and subscribe (WebSocket)").WithDescription(Description)
            .Produces(101).ProducesProblem(400).ProducesProblem(426).ProducesProblem(503);

    private static async Task<IResult> ConnectAsync(
        HttpContext context,
        [FromRoute(Name = "client_id")] string clientId,
        EventIntake intake,
        EventHub hub,
        BodyBudget budget,
        SocketLimits limits,
        [FromServices] ServerRole? role,
        TimeProvider clock,
        IHostApplicationLifetime lifetime,
        ILogger<SocketSession> logger)
    {
        if (!JsonText.IsVisibleName(Encoding.UTF8.GetBytes(clientId)))
        {
            return new Problem(400, "bad_client_id", $"The client id {JsonText.Echo(clientId)} is not 1 to {EventLimits.MaxNameLength} visible characters.");
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            return new Problem(426, "websocket_expected", "This path speaks WebSocket only; POST /events publishes, GET /events/stream follows.");
        }

        if (!limits.TryEnter())
        {
            return new Problem(503, "too_many_connections", $"There are {limits.MaxConnections} WebSockets already.")
            {
                RetryAfter = TimeSpan.FromSeconds(10),
            };
        }

        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { KeepAliveInterval = KeepAlive }).ConfigureAwait(false);
            await new SocketSession(socket, clientId, intake, hub, budget, limits, role, clock, logger)
                .RunAsync(lifetime.ApplicationStopping).ConfigureAwait(false);
            return Results.Empty;
        }
        finally
        {
            limits.Leave();
        }
    }
}
