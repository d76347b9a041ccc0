using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Culprit.Server.Alerting.Sinks;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Resolves as told, and connects to nothing: it writes down what would have been connected to.</summary>
/// <param name="names">Addresses of names; every other name leads to this machine, as an attacker's would.</param>
internal sealed class RecordingNetwork(IReadOnlyDictionary<string, string[]> names) : INetwork
{
    public ConcurrentQueue<IPEndPoint> Connected { get; } = [];

    public ConcurrentQueue<string> Resolved { get; } = [];

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        Resolved.Enqueue(host);
        IPAddress[] addresses = names.TryGetValue(host, out var told) ? [.. told.Select(IPAddress.Parse)]
            : IPAddress.TryParse(host, out var literal) ? [literal]
            : [IPAddress.Loopback];
        return Task.FromResult(addresses);
    }

    public Task<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Connected.Enqueue(endPoint);
        throw new SocketException((int)SocketError.ConnectionRefused);
    }
}
