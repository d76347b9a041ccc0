using Culprit.Engine.Ingestion;
using Culprit.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Culprit.Server.Ingestion;

/// <summary>One request of a shipper, from its headers to what was taken of it: the same for every protocol over HTTP.</summary>
internal sealed class ShipperRequests(BodyReader bodies, ShipperIntake intake, IngestPressure pressure, IngestionMetrics metrics)
{
    /// <param name="context">Its Content-Type has been looked at.</param>
    /// <param name="scope">See <see cref="ShipperIntake"/>.</param>
    /// <param name="answer">Makes the answer in the protocol's words from the plain body and what became of it.</param>
    /// <param name="assumedEncoding">The Content-Encoding of a request that names none.</param>
    /// <returns>The answer, or the problem, which the endpoint says in the protocol's words.</returns>
    public async Task<(T? Answer, Problem? Problem)> TakeAsync<T>(
        HttpContext context, string scope, IBodyDecoder decoder, Func<ReadOnlyMemory<byte>, Intake, T> answer, string assumedEncoding = "")
        where T : class
    {
        var (body, problem) = await ReadAsync(context, assumedEncoding).ConfigureAwait(false);
        if (problem is not null)
        {
            return (null, problem);
        }

        using (body)
        {
            var memory = body!.Memory;
            return memory.IsEmpty
                ? (null, Reject(new Problem(StatusCodes.Status400BadRequest, RejectionCodes.EmptyBody, "The body is empty.")))
                : await intake.TakeAsync(memory, scope, decoder, taken => answer(memory, taken)).ConfigureAwait(false);
        }
    }

    /// <summary>The plain body, or the problem. The caller disposes the buffer.</summary>
    public async Task<(PooledBuffer? Body, Problem? Problem)> ReadAsync(HttpContext context, string assumedEncoding = "")
    {
        // Before the body is read: under pressure, reading costs what is short.
        if (pressure.Refusal(RequestPriority.CanWait(context.Request.Headers["Priority"])) is { } refusal)
        {
            return (null, refusal);
        }

        var (body, problem) = await bodies.ReadAsync(context, assumedEncoding).ConfigureAwait(false);
        return problem is null ? (body, null) : (null, Count(problem));
    }

    /// <summary>Undoes the encoding of what follows the first bytes of a body. The caller disposes what is returned.</summary>
    public (PooledBuffer? Plain, Problem? Problem) Inflate(PooledBuffer body, int start, string encoding)
    {
        var (plain, problem) = bodies.Inflate(body, start, encoding);
        return problem is null ? (plain, null) : (null, Count(problem));
    }

    /// <summary>Counts a request of which nothing is taken, for good.</summary>
    public Problem Reject(Problem problem)
    {
        metrics.RequestRejected();
        return problem;
    }

    private Problem Count(Problem problem)
    {
        if (problem.Status != StatusCodes.Status503ServiceUnavailable)
        {
            return Reject(problem);
        }

        metrics.RequestRefused("memory");
        return problem;
    }

    /// <summary>The media type in lower case, empty when none is given; null when it is none, or its text is not UTF-8.</summary>
    public static string? MediaTypeOf(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType))
        {
            return "";
        }

        return MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (!type.Charset.HasValue || type.Charset.AsSpan().Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            ? type.MediaType.Value!.ToLowerInvariant()
            : null;
    }
}
