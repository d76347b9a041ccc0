using Culprit.Server.Configuration;
using ModelContextProtocol.Client;

namespace Culprit.Server.Analyst.Tools;

/// <summary>Tools of the servers that the operator lists: those that say they only read, and among them those that the operator names.</summary>
/// <remarks>A server that cannot be reached costs its tools, not the analysis. Connections are kept; a broken one is made anew for the next analysis.</remarks>
internal sealed partial class RemoteTools(
    IReadOnlyList<ToolServerSection> servers, Func<string, string?> environment, ILogger<RemoteTools> logger) : IAsyncDisposable
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, McpClient> _clients = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<IAnalystTool>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<IAnalystTool>();
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var server in servers)
            {
                found.AddRange(await FindAsync(server, cancellationToken).ConfigureAwait(false));
            }
        }
        finally
        {
            _turn.Release();
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    private async Task<IReadOnlyList<IAnalystTool>> FindAsync(ToolServerSection server, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(MaxTime);
        try
        {
            if (!_clients.TryGetValue(server.Name, out var client))
            {
                client = await ConnectAsync(server, time.Token).ConfigureAwait(false);
                _clients.Add(server.Name, client);
            }

            var tools = await client.ListToolsAsync(cancellationToken: time.Token).ConfigureAwait(false);
            return [.. tools.Where(t => IsWanted(server, t)).Select(t => RemoteTool.Create(server.Name, t)).OfType<IAnalystTool>()];
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a foreign server does: the analysis goes on without it.
            NotReached(server.Name, e.GetBaseException().Message);
            if (_clients.Remove(server.Name, out var broken))
            {
                await broken.DisposeAsync().ConfigureAwait(false);
            }

            return [];
        }
    }

    private Task<McpClient> ConnectAsync(ToolServerSection server, CancellationToken cancellationToken)
    {
        var options = new HttpClientTransportOptions { Endpoint = new Uri(server.Url), TransportMode = HttpTransportMode.StreamableHttp };
        if (server.TokenVariable is { } variable && environment(variable) is { Length: > 0 } token)
        {
            options.AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + token };
        }

        return McpClient.CreateAsync(new HttpClientTransport(options), cancellationToken: cancellationToken);
    }

    private static bool IsWanted(ToolServerSection server, McpClientTool tool) =>
        tool.ProtocolTool.Annotations is { ReadOnlyHint: true }
        && (server.Tools.Count == 0 || server.Tools.Contains(tool.Name, StringComparer.Ordinal));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tools of server {Server} cannot be used: {Reason}")]
    private partial void NotReached(string server, string reason);
}
