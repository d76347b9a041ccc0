using System.Globalization;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary>A JSON answer as Elasticsearch's clients accept it: with the product's header and the media type that they asked for.</summary>
internal sealed class ElasticsearchAnswer(int status, ReadOnlyMemory<byte> body) : IResult
{
    private const string VendorType = "application/vnd.elasticsearch+json";

    /// <summary>A problem in Elasticsearch's words.</summary>
    public static IResult Of(Problem problem) => new Refused(problem);

    /// <summary>Without it, official clients refuse to talk to the server.</summary>
    public static void Mark(HttpResponse response) => response.Headers["X-Elastic-Product"] = "Elasticsearch";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        Mark(response);
        response.StatusCode = status;
        response.ContentType = TypeFor(httpContext.Request);
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    // Clients from version 8 on ask for their own media type, with the version whose form they understand.
    private static string TypeFor(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        var at = accept.IndexOf("compatible-with=", StringComparison.Ordinal) + "compatible-with=".Length;
        return accept.StartsWith(VendorType, StringComparison.Ordinal) && at < accept.Length && accept[at] is >= '7' and <= '9'
            ? string.Create(CultureInfo.InvariantCulture, $"{VendorType};compatible-with={accept[at]}")
            : "application/json";
    }

    private sealed class Refused(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            problem.SetRetryAfter(httpContext.Response);
            return new ElasticsearchAnswer(problem.Status, ElasticsearchJson.Error(problem)).ExecuteAsync(httpContext);
        }
    }
}
