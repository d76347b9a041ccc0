using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>Marks a route whose use is written down.</summary>
internal sealed class AuditedRoute;

/// <summary>Writes down who changed what, when it was done.</summary>
internal sealed partial class AuditLog(IKeyStore store, TimeProvider clock, ILogger<AuditLog> logger)
{
    private const int MaxTarget = 500;

    public async Task WriteAsync(Caller caller, HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? path;
        var entry = new AuditEntry(clock.GetUtcNow(), caller.Name, $"{context.Request.Method} {route}", path.Length <= MaxTarget ? path : path[..MaxTarget]);
        try
        {
            // What was done is done: a client that leaves does not undo it.
            await store.AuditAsync(entry, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The answer is under way; what could not be stored is at least in the log.
            AuditFailed(e, entry.Actor, entry.Action);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log could not be written: {Actor} did {Action}")]
    private partial void AuditFailed(Exception exception, string actor, string action);
}
