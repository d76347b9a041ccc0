using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Culprit.Server.Http;

/// <summary>Where a server listens.</summary>
internal static class ListenAddresses
{
    /// <summary>True when nothing but this machine can reach it. Call when it listens.</summary>
    public static bool AreLoopback(IServer server) =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses && addresses.All(IsLoopback);

    /// <param name="url">As given to Kestrel: the host may be <c>*</c> or <c>+</c>.</param>
    public static bool IsLoopback(string url)
    {
        var host = BindingAddress.Parse(url).Host;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }
}
