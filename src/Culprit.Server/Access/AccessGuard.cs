using Culprit.Engine.Storage;
using Culprit.Server.Http;
using Microsoft.AspNetCore.Hosting.Server;

namespace Culprit.Server.Access;

/// <summary>Lets a request through when its key allows what its route asks for, and remembers on whose behalf it is.</summary>
internal sealed class AccessGuard(RequestDelegate next, IServer server, KeyRing keys, Configuration.AccessSection access, AuditLog audit)
{
    private readonly Lazy<bool> _areKeysRequired = new(() => access.AlwaysRequired || !ListenAddresses.AreLoopback(server));

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var scope = endpoint is null ? KeyScopes.None : endpoint.Metadata.GetMetadata<RequiredScope>()?.AnyOf ?? KeyScopes.Admin;
        var secret = Credentials.Find(context.Request, mayBeInQuery: (scope & KeyScopes.Ingest) != 0);
        var key = secret is null ? null : keys.Find(secret);
        if (Refusal(scope, secret is not null, key) is { } refusal)
        {
            if (refusal.Status == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"culprit\"";
            }

            await refusal.ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        var caller = key is null ? Caller.Local : new Caller(key);
        Caller.Current = caller;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            Caller.Current = null;
        }

        if (endpoint?.Metadata.GetMetadata<AuditedRoute>() is not null && context.Response.StatusCode < 400)
        {
            await audit.WriteAsync(caller, context).ConfigureAwait(false);
        }
    }

    private Problem? Refusal(KeyScopes scope, bool hasSecret, ApiKey? key)
    {
        if (scope == KeyScopes.None)
        {
            return null;
        }

        if (key is null)
        {
            return hasSecret ? new Problem(401, "unknown_key", "There is no such API key, or it has ended.")
                : _areKeysRequired.Value ? new Problem(401, "key_required", "An API key is needed here: Authorization: Bearer KEY. `culprit keys create` makes one.")
                : null;
        }

        return key.Allows(scope) ? null : new Problem(
            403,
            "wrong_scope",
            $"Key {key.Id} has the scopes {string.Join(", ", KeyWords.ToWords(key.Scopes))}; {string.Join(" or ", KeyWords.ToWords(scope))} is needed here.");
    }
}
