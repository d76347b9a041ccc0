using System.Net;
using System.Net.Sockets;
using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>A connection that was not made because of where it would have led.</summary>
internal sealed class AddressRefusedException(string message) : IOException(message);

/// <summary>Resolves a host once, checks every address, and connects to exactly what was checked.</summary>
/// <remarks>Between a check and a second resolution the name could point elsewhere: there is no second one.</remarks>
internal sealed class GuardedConnector(SinkOptions options, INetwork network)
{
    private static readonly TimeSpan PerAddress = TimeSpan.FromSeconds(4);

    /// <param name="isPlain">Without TLS, which is for this machine only.</param>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, bool isPlain, CancellationToken cancellationToken)
    {
        var addresses = await network.ResolveAsync(target.Host, cancellationToken).ConfigureAwait(false);
        foreach (var address in addresses)
        {
            // One bad address spoils the name: a name of both worlds is an attack or a mistake.
            if (AddressRules.Refuse(address, options) is { } reason)
            {
                throw new AddressRefusedException(reason);
            }

            if (isPlain && AddressRules.Classify(address) != AddressClass.Loopback)
            {
                throw new AddressRefusedException($"the address {address} is not this machine, and the connection would have no TLS");
            }
        }

        SocketException? last = null;
        foreach (var address in addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(PerAddress);
            try
            {
                return await network.ConnectAsync(new IPEndPoint(address, target.Port), limit.Token).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                last = e;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                last = new SocketException((int)SocketError.TimedOut);
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }
}
