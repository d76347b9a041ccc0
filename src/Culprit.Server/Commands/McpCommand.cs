using System.CommandLine;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Culprit.Server.Commands;

/// <summary><c>culprit mcp</c>: the tools of a running server on standard input and output, for clients that start programs.</summary>
internal static class McpCommand
{
    public static Command Create()
    {
        var url = ServerCall.UrlOption();
        var command = new Command("mcp", "Offers the tools of a running server by the Model Context Protocol on standard input and output.") { url };
        command.SetAction((result, token) => RunAsync(result.GetRequiredValue(url), token));
        return command;
    }

    private static async Task<int> RunAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            await using var client = await McpClient.CreateAsync(
                new HttpClientTransport(new HttpClientTransportOptions
                {
                    Endpoint = ServerCall.Address(url, "/mcp"),
                    TransportMode = HttpTransportMode.StreamableHttp,
                    AdditionalHeaders = ServerCall.Key is { } key ? new Dictionary<string, string> { ["Authorization"] = "Bearer " + key } : null,
                }),
                cancellationToken: cancellationToken).ConfigureAwait(false);
            var options = new McpServerOptions
            {
                ServerInfo = client.ServerInfo,
                ServerInstructions = client.ServerInstructions,
                Handlers = new McpServerHandlers
                {
                    ListToolsHandler = async (_, token) => new ListToolsResult
                    {
                        Tools = [.. (await client.ListToolsAsync(cancellationToken: token).ConfigureAwait(false)).Select(t => t.ProtocolTool)],
                    },
                    CallToolHandler = async (request, token) => await client.CallToolAsync(request.Params!, token).ConfigureAwait(false),
                },
            };
            await using var transport = new StdioServerTransport(options);
            await using var server = McpServer.Create(transport, options);
            await server.RunAsync(cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is HttpRequestException or McpException)
        {
            return await ServerCall.UnreachableAsync(url, e).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
    }
}
