using System.Text;
using Microsoft.Extensions.Primitives;

namespace Culprit.Server.Access;

/// <summary>Finds the key in a request, wherever the protocols' clients put one.</summary>
/// <remarks>
/// <c>Authorization</c> as <c>Bearer KEY</c>, <c>ApiKey KEY</c>, <c>ApiKey base64(id:KEY)</c> (Elasticsearch), <c>Splunk KEY</c>, or
/// <c>Basic</c> with the key as password or user; <c>X-Api-Key</c>, <c>X-Seq-ApiKey</c>, <c>DD-API-KEY</c>; and, where events are sent,
/// the parameters <c>apiKey</c>, <c>api_key</c>, <c>token</c> and <c>dd-api-key</c>, for clients that can set no header.
/// </remarks>
internal static class Credentials
{
    private const int MaxHeader = 1024;

    private static readonly string[] Headers = ["X-Api-Key", "X-Seq-ApiKey", "DD-API-KEY"];
    private static readonly string[] Parameters = ["apiKey", "api_key", "token", "dd-api-key"];

    /// <summary>What has the form of a key; null when there is nothing like that.</summary>
    /// <param name="mayBeInQuery">Addresses are logged by proxies, so only where there may be no other way.</param>
    public static string? Find(HttpRequest request, bool mayBeInQuery)
    {
        foreach (var value in request.Headers.Authorization)
        {
            if (OfAuthorization(value) is { } secret)
            {
                return secret;
            }
        }

        return Headers.Select(name => OfValue(request.Headers[name])).FirstOrDefault(s => s is not null)
            ?? (mayBeInQuery ? Parameters.Select(name => OfValue(request.Query[name])).FirstOrDefault(s => s is not null) : null);
    }

    private static string? OfAuthorization(string? value)
    {
        if (value is not { Length: > 0 and <= MaxHeader } || value.IndexOf(' ', StringComparison.Ordinal) is not (> 0 and var space))
        {
            return null;
        }

        var text = value[(space + 1)..].Trim();
        return value[..space].ToUpperInvariant() switch
        {
            "BEARER" or "SPLUNK" => OfText(text),
            "APIKEY" => OfText(text) ?? OfPair(text),
            "BASIC" => OfPair(text),
            _ => null,
        };
    }

    private static string? OfPair(string base64)
    {
        var bytes = new byte[MaxHeader];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? OfText(pair) : OfText(pair[(colon + 1)..]) ?? OfText(pair[..colon]);
    }

    private static string? OfValue(StringValues values) => values.Count == 1 ? OfText(values[0]) : null;

    private static string? OfText(string? text) => text is not null && KeySecret.HasForm(text) ? text : null;
}
