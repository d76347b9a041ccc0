using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>What an address is to somebody who sends alerts out.</summary>
internal enum AddressClass : byte
{
    Public = 0,
    Loopback = 1,

    /// <summary>A network of the operator's own: private, shared (carrier) or unique local.</summary>
    Private = 2,

    /// <summary>Never a receiver of alerts: metadata services, link-local, multicast, tunnels, reserved ranges.</summary>
    Forbidden = 3,
}

/// <summary>Which addresses a sink may connect to. Works on what was resolved, so no spelling of a host matters.</summary>
internal static class AddressRules
{
    private static readonly IPNetwork[] Loopbacks = Parse("127.0.0.0/8", "::1/128");

    private static readonly IPNetwork[] Privates = Parse("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7");

    // From IANA's registries of special-purpose addresses. The single ones are metadata services that lie in a private
    // (Alibaba, AWS over IPv6) or a public range (Azure).
    private static readonly IPNetwork[] Forbidden = Parse(
        "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128",
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20");

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static AddressClass Classify(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6 && Embedded(address) is { } inner)
        {
            // A gateway would turn it into this one. Nobody reaches his own machine that way.
            var carried = Classify(inner);
            return carried == AddressClass.Loopback ? AddressClass.Forbidden : carried;
        }

        return Contains(Forbidden, address) ? AddressClass.Forbidden
            : Contains(Loopbacks, address) ? AddressClass.Loopback
            : Contains(Privates, address) ? AddressClass.Private
            : address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address) ? AddressClass.Public
            : AddressClass.Forbidden;
    }

    /// <summary>Why the sink must not connect to the address; null when it may.</summary>
    public static string? Refuse(IPAddress address, SinkOptions options) => Classify(address) switch
    {
        AddressClass.Public => null,
        AddressClass.Loopback => options.AllowLoopback || options.AllowPrivate
            ? null
            : $"the address {address} is this machine; allowLoopback: true would permit it",
        AddressClass.Private => options.AllowPrivate
            ? null
            : $"the address {address} is private; allowPrivate: true would permit it",
        AddressClass.Forbidden => $"the address {address} is never a receiver of alerts (metadata, link-local or reserved)",
        _ => throw new System.Diagnostics.UnreachableException("Unknown class of address."),
    };

    /// <summary>The address that a URL spells out, in whatever form; null when its host is a name.</summary>
    public static IPAddress? LiteralOf(Uri url) => IPAddress.TryParse(url.IdnHost.TrimEnd('.'), out var address) ? address : null;

    private static IPAddress? Embedded(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var isIsatap = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) is 0x0000_5EFE or 0x0200_5EFE;
        return Nat64.Contains(address) || isIsatap ? new IPAddress(bytes[12..]) : null;
    }

    private static bool Contains(IPNetwork[] networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static IPNetwork[] Parse(params string[] networks) => [.. networks.Select(n => IPNetwork.Parse(n))];
}
