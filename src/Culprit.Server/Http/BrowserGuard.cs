using System.Net;
using Culprit.Engine.Ingestion;
using Microsoft.AspNetCore.Hosting.Server;

namespace Culprit.Server.Http;

/// <summary>Who may reach the server through a browser.</summary>
internal sealed class BrowserGuardOptions
{
    /// <summary>Host names, without port, that are this server besides the loopback names. Default: none.</summary>
    /// <remarks>Only asked when the server listens on loopback alone; elsewhere the proxy in front decides.</remarks>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Origins (<c>https://host:port</c>) whose pages may change state and read streams. Default: only our own.</summary>
    public IList<string> AllowedOrigins { get; } = [];
}

/// <summary>Marks a route that streams, so that a foreign page must not open it even by GET.</summary>
internal sealed class StreamingRoute;

/// <summary>
/// Keeps foreign web pages out of a server that trusts its network: a rebound DNS name shows in the Host header,
/// a foreign page in the Origin header.
/// </summary>
internal sealed class BrowserGuard(RequestDelegate next, IServer server, BrowserGuardOptions options)
{
    private readonly Lazy<bool> _isLoopbackOnly = new(() => ListenAddresses.AreLoopback(server));

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (_isLoopbackOnly.Value && !IsOurs(request.Host.Host))
        {
            return new Problem(403, "foreign_host", $"Host {JsonText.Echo(request.Host.Value ?? "")} is not this server.")
                .ExecuteAsync(context);
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && IsGuarded(context) && !IsAllowed(origin, request)
            ? new Problem(403, "foreign_origin", $"Pages of {JsonText.Echo(origin)} may not do this.").ExecuteAsync(context)
            : next(context);
    }

    private bool IsOurs(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))
        || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private bool IsAllowed(string origin, HttpRequest request) =>
        (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && uri.Authority.Equals(WithoutDefaultPort(request), StringComparison.OrdinalIgnoreCase))
        || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static string WithoutDefaultPort(HttpRequest request) =>
        request.Host.Port is 80 && !request.IsHttps || request.Host.Port is 443 && request.IsHttps
            ? request.Host.Host
            : request.Host.Value ?? "";

    private static bool IsGuarded(HttpContext context) =>
        !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        || context.WebSockets.IsWebSocketRequest
        || context.GetEndpoint()?.Metadata.GetMetadata<StreamingRoute>() is not null;
}
