using Culprit.Server.Http;

namespace Culprit.Server.HighAvailability;

/// <summary>Marks a route that answers from the engine's own state.</summary>
internal sealed class NeedsEngine;

/// <summary>Refuses on the standby what only the active server can answer, and names that one.</summary>
internal sealed class StandbyGate(RequestDelegate next, ServerRole role)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    public Task InvokeAsync(HttpContext context) =>
        role.IsActive || context.GetEndpoint()?.Metadata.GetMetadata<NeedsEngine>() is null
            ? next(context)
            : new Problem(503, "standby", $"This server is the standby. Ask the active one: {role.Active}.") { RetryAfter = RetryAfter }.ExecuteAsync(context);
}
