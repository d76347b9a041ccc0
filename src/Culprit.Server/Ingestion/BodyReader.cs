using System.Buffers;
using Culprit.Engine.Ingestion;
using Culprit.Server.Http;
using Culprit.Server.Journal;
using Microsoft.AspNetCore.Http.Features;

namespace Culprit.Server.Ingestion;

/// <summary>Reads a request's body whole, undoes its encoding, and holds it to the limits of every decoder.</summary>
internal sealed class BodyReader(BodyBudget budget)
{
    /// <summary>Of the body as sent, and again of the body inflated.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>The plain body, or the problem to answer. The caller disposes the buffer.</summary>
    /// <param name="assumed">The encoding of a request that names none.</param>
    public async Task<(PooledBuffer? Body, Problem? Problem)> ReadAsync(HttpContext context, string assumed = "")
    {
        var encodings = context.Request.Headers.ContentEncoding;
        var encoding = encodings.Count == 0 ? assumed : encodings.ToString().Trim();
        if (!ContentDecoder.IsSupported(encoding))
        {
            return (null, new Problem(
                StatusCodes.Status415UnsupportedMediaType,
                "unsupported_encoding",
                $"Content-Encoding {JsonText.Echo(encoding)} is not one of gzip, deflate, zstd, snappy (one layer)."));
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBytes;
        }

        var raw = new PooledBuffer(budget);
        try
        {
            var problem = await FillAsync(raw, context).ConfigureAwait(false);
            if (problem is null && ContentDecoder.IsEncoded(encoding) && raw.Length > 0)
            {
                var plain = new PooledBuffer(budget);
                (raw, plain) = (plain, raw);
                using (plain)
                {
                    problem = ToProblem(ContentDecoder.Decode(encoding, plain, raw), encoding);
                }
            }

            if (problem is null)
            {
                var body = raw;
                raw = null;
                return (body, null);
            }

            return (null, problem);
        }
        catch (BadHttpRequestException e)
        {
            return (null, ProblemMiddleware.FromServer(e));
        }
        finally
        {
            raw?.Dispose();
        }
    }

    /// <summary>Undoes the encoding of what follows the first bytes of a buffer. The caller disposes what is returned.</summary>
    public (PooledBuffer? Plain, Problem? Problem) Inflate(PooledBuffer source, int start, string encoding)
    {
        var plain = new PooledBuffer(budget);
        var problem = ToProblem(ContentDecoder.Decode(encoding, source, plain, start), encoding);
        if (problem is null)
        {
            return (plain, null);
        }

        plain.Dispose();
        return (null, problem);
    }

    private static async Task<Problem?> FillAsync(PooledBuffer buffer, HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            var bytes = read.Buffer;
            var length = (int)bytes.Length;
            if (length > 0)
            {
                // What the sender announces is believed only up to 1 MiB: a header must not cost memory.
                var hint = buffer.Length == 0 ? Math.Min(context.Request.ContentLength ?? 0, 1024 * 1024) : 0;
                var free = buffer.GetFree(Math.Max(length, (int)hint));
                if (free.IsEmpty)
                {
                    reader.AdvanceTo(bytes.End);
                    return Busy();
                }

                bytes.CopyTo(free.Span);
                buffer.Advance(length);
            }

            reader.AdvanceTo(bytes.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    private static Problem? ToProblem(DecodeOutcome outcome, string encoding) => outcome switch
    {
        DecodeOutcome.Ok => null,
        DecodeOutcome.Corrupt => new(400, "corrupt_encoding", $"The body is not valid {encoding}."),
        DecodeOutcome.TooLarge => new(
            413, "body_too_large", $"The inflated body is over {MaxBytes} bytes, or more than {ContentDecoder.MaxRatio} times the sent one."),
        DecodeOutcome.Busy => Busy(),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown outcome {outcome}."),
    };

    private static Problem Busy() =>
        new(503, "busy", "Too many bodies are being read at this moment.") { RetryAfter = DrainRate.Jittered(2) };
}
