using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Culprit.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>The addresses that serve OTLP and nothing else. Null where there is none.</summary>
internal sealed partial class OtlpListeners(string? grpcUrl, string? httpUrl)
{
    /// <summary>HTTP/2 without TLS.</summary>
    public string? GrpcUrl { get; } = grpcUrl;

    /// <summary>HTTP/1.1; the same paths are on the server's own addresses.</summary>
    public string? HttpUrl { get; } = httpUrl;

    public static OtlpListeners None { get; } = new(null, null);

    /// <summary>Both, as far as they are there.</summary>
    public IEnumerable<string> Urls => new[] { GrpcUrl, HttpUrl }.OfType<string>();

    /// <summary>Chooses the addresses: a default one whose port is taken is left out with a warning, a configured one is tried in any case.</summary>
    /// <param name="ownUrls">The server's other addresses.</param>
    public static OtlpListeners Choose(OtlpSection section, string ownUrls, ILogger logger)
    {
        var taken = ownUrls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(PortOf).ToHashSet();
        return new OtlpListeners(
            Choose(section.GrpcUrl, OtlpSection.DefaultGrpcUrl, "grpcUrl", taken, logger),
            Choose(section.HttpUrl, OtlpSection.DefaultHttpUrl, "httpUrl", taken, logger));
    }

    /// <summary>True for a connection to an address of ours.</summary>
    public bool Owns(int port) => Urls.Any(url => PortOf(url) == port);

    /// <summary>Has Kestrel speak HTTP/2 from the first byte where gRPC is served.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        if (GrpcUrl is { } url)
        {
            var port = PortOf(url);
            kestrel.ConfigureEndpointDefaults(listen =>
            {
                if (listen.IPEndPoint?.Port == port)
                {
                    listen.Protocols = HttpProtocols.Http2;
                }
            });
        }
    }

    private static string? Choose(string? configured, string standard, string key, HashSet<int> taken, ILogger logger)
    {
        if (configured is not null)
        {
            return configured == OtlpSection.Nowhere ? null : WithPort(configured);
        }

        if (taken.Contains(PortOf(standard)))
        {
            return null;
        }

        try
        {
            _ = Bind(new Uri(standard));
            return standard;
        }
        catch (SocketException e)
        {
            PortIsTaken(logger, standard, e.SocketErrorCode, key);
            return null;
        }
    }

    /// <summary>Port 0 means any that is free: Kestrel must know which before it binds, to tell the addresses apart.</summary>
    private static string WithPort(string url)
    {
        var uri = new Uri(url);
        return uri.Port != 0 ? url : string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{uri.Host}:{Bind(uri)}");
    }

    private static int Bind(Uri url)
    {
        var address = IPAddress.TryParse(url.Host.Trim('[', ']'), out var parsed) ? parsed : IPAddress.Loopback;
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, url.Port));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static int PortOf(string url) => BindingAddress.Parse(url).Port;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "OTLP is not served at {Url}: {Reason}. Free the port, or set otlp: {Key} to another address, or to none")]
    private static partial void PortIsTaken(ILogger logger, string url, SocketError reason, string key);
}
