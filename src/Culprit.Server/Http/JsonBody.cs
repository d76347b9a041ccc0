using System.Text.Json;

namespace Culprit.Server.Http;

/// <summary>Reads the small JSON body of a request.</summary>
internal static class JsonBody
{
    private const int MaxBytes = 16 * 1024;

    /// <summary>The body, which the caller disposes, or what is wrong with it.</summary>
    /// <param name="what">What the body is, for whoever sent too much of it: "A question".</param>
    public static async Task<(JsonDocument? Json, Problem? Problem)> ReadAsync(HttpContext context, string what)
    {
        try
        {
            var body = new byte[MaxBytes + 1];
            var length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
            return length > MaxBytes
                ? (null, new Problem(413, "body_too_large", $"{what} has at most {MaxBytes} bytes."))
                : (JsonDocument.Parse(body.AsMemory(0, length)), null);
        }
        catch (JsonException e)
        {
            return (null, new Problem(400, "bad_json", $"The body is no JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})."));
        }
    }
}
