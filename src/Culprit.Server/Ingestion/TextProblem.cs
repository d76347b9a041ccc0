using Culprit.Server.Http;

namespace Culprit.Server.Ingestion;

/// <summary>A problem as one line of text, for protocols whose clients show it as it is.</summary>
internal sealed class TextProblem(Problem problem) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        problem.SetRetryAfter(httpContext.Response);
        return TypedResults.Text(problem.Detail + "\n", "text/plain; charset=utf-8", statusCode: problem.Status).ExecuteAsync(httpContext);
    }
}
