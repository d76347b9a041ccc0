using System.Text;
using System.Text.Json.Nodes;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion;

/// <summary>A problem in the JSON that a protocol's clients expect.</summary>
internal sealed class JsonProblem(Problem problem, JsonObject body) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        problem.SetRetryAfter(httpContext.Response);
        return new JsonAnswer(problem.Status, Encoding.UTF8.GetBytes(body.ToJsonString())).ExecuteAsync(httpContext);
    }
}
