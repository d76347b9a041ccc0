namespace Culprit.Server.Http;

/// <summary>Metadata of a route whose protocol says errors in its own form instead of RFC 9457.</summary>
internal interface IErrorForm
{
    Task WriteAsync(HttpContext context, Problem problem);
}
