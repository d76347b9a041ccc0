using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Culprit.Server.Http;

/// <summary>One thing that was wrong with a request.</summary>
/// <param name="Index">Which event of the body; null when it is not about one.</param>
/// <param name="Parameter">Which query parameter or header; null when it is not about one.</param>
internal sealed record ProblemError(string Code, string Detail, int? Index = null, string? Parameter = null);

/// <summary>An error answer as RFC 9457 has it. Carries no internals; input is echoed only through <c>JsonText.Echo</c>.</summary>
internal sealed record Problem(int Status, string Code, string Detail) : IResult
{
    public const string ContentType = "application/problem+json";

    public IReadOnlyList<ProblemError> Errors { get; init; } = [];

    /// <summary>When the sender should come back; rounded up to whole seconds within 1 to 60.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Byte of the body at which it broke.</summary>
    public long? Offset { get; init; }

    /// <summary>For a bug: finds the log lines of this request.</summary>
    public string? TraceId { get; init; }

    public static Problem BadParameter(string parameter, string detail) =>
        new(StatusCodes.Status400BadRequest, "bad_parameter", detail)
        {
            Errors = [new ProblemError("bad_parameter", detail, Parameter: parameter)],
        };

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    /// <summary><see cref="RetryAfter"/> as it is sent.</summary>
    public int RetrySeconds => Math.Clamp((int)Math.Ceiling((RetryAfter ?? TimeSpan.Zero).TotalSeconds), 1, 60);

    /// <summary>Says when to come back, if the problem does: for answers in another form, too.</summary>
    public void SetRetryAfter(HttpResponse response)
    {
        if (RetryAfter is not null)
        {
            response.Headers.RetryAfter = RetrySeconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (httpContext.GetEndpoint()?.Metadata.GetMetadata<IErrorForm>() is { } form)
        {
            await form.WriteAsync(httpContext, this).ConfigureAwait(false);
            return;
        }

        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        SetRetryAfter(response);
        var body = new ArrayBufferWriter<byte>(512);
        Write(body, httpContext.Request.Path);
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, httpContext.RequestAborted).ConfigureAwait(false);
    }

    private void Write(ArrayBufferWriter<byte> body, string instance)
    {
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("type", "urn:culprit:problem:" + Code);
        json.WriteString("title", ReasonPhrases.GetReasonPhrase(Status));
        json.WriteNumber("status", Status);
        json.WriteString("detail", Detail);
        json.WriteString("instance", instance.Length <= 256 ? instance : instance[..256]);
        if (Offset is { } offset)
        {
            json.WriteNumber("offset", offset);
        }

        if (TraceId is not null)
        {
            json.WriteString("trace_id", TraceId);
        }

        json.WriteStartArray("errors");
        foreach (var error in Errors)
        {
            json.WriteStartObject();
            if (error.Index is { } index)
            {
                json.WriteNumber("index", index);
            }

            if (error.Parameter is not null)
            {
                json.WriteString("parameter", error.Parameter);
            }

            json.WriteString("code", error.Code);
            json.WriteString("detail", error.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
