using System.Diagnostics;
using Culprit.Server.Storage;

namespace Culprit.Server.Http;

/// <summary>Gives every error a problem body: unknown routes, wrong methods, broken requests, and our own bugs.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await FromServer(e).ExecuteAsync(context).ConfigureAwait(false);
            return;
        }
        catch (StoreUnavailableException e) when (!context.Response.HasStarted)
        {
            StoreAway(context.Request.Method, context.Request.Path, e.Message);
            context.Response.Clear();
            await new Problem(503, "store_unavailable", "The database does not answer; events are taken all the same.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            }.ExecuteAsync(context).ConfigureAwait(false);
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // The outermost loop of a request: a bug is logged with an id, and the sender learns only the id.
            var traceId = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
            RequestFailed(e, context.Request.Method, context.Request.Path, traceId);
            context.Response.Clear();
            var bug = new Problem(StatusCodes.Status500InternalServerError, "internal_error", "Something went wrong on our side.")
            {
                TraceId = traceId,
            };
            await bug.ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentLength is null && response.ContentType is null)
        {
            await OfStatus(response).ExecuteAsync(context).ConfigureAwait(false);
        }
    }

    /// <summary>What Kestrel found wrong while the request was read.</summary>
    public static Problem FromServer(BadHttpRequestException e) => e.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => new(e.StatusCode, "body_too_large", "The body is larger than allowed."),
        StatusCodes.Status408RequestTimeout => new(e.StatusCode, "too_slow", "The body arrived too slowly."),
        _ => new(e.StatusCode, "bad_request", "The request is not well-formed HTTP."),
    };

    private static Problem OfStatus(HttpResponse response) => response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new(404, "not_found", "There is nothing at this path; GET / lists what there is."),
        StatusCodes.Status405MethodNotAllowed => new(405, "method_not_allowed", $"This path allows {response.Headers.Allow}."),
        var status => new(status, "refused", "The request was refused."),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} was answered with 503: {Reason}")]
    private partial void StoreAway(string method, string path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed, trace {TraceId}")]
    private partial void RequestFailed(Exception exception, string method, string path, string traceId);
}
