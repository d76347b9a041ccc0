using System.Text.RegularExpressions;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>A real server with addresses for OTLP on ports of its own, which a restart keeps.</summary>
internal sealed partial class OtlpServer(ServerProcess process, string grpcUrl, string httpUrl) : IAsyncDisposable
{
    public ServerProcess Process { get; } = process;

    public string GrpcUrl { get; } = grpcUrl;

    public string HttpUrl { get; } = httpUrl;

    /// <param name="faultPoint">Where the server kills itself, if anywhere.</param>
    public static async Task<OtlpServer> StartAsync(
        string folder, CancellationToken cancellationToken, string grpcUrl = "http://127.0.0.1:0", string httpUrl = "http://127.0.0.1:0", string? faultPoint = null)
    {
        var environment = new Dictionary<string, string> { ["CULPRIT_otlp__grpcUrl"] = grpcUrl, ["CULPRIT_otlp__httpUrl"] = httpUrl };
        if (faultPoint is not null)
        {
            environment["FAULT_POINT"] = faultPoint;
        }

        var process = await ServerProcess.StartAsync(folder, cancellationToken, environment);
        await process.WaitForOutputAsync("OTLP also: ", cancellationToken);
        var line = Addresses().Match(process.Output);
        return new OtlpServer(process, line.Groups[1].Value, line.Groups[2].Value);
    }

    /// <summary>The same addresses and data again, after a kill.</summary>
    public async Task<OtlpServer> RestartAsync(string folder, CancellationToken cancellationToken)
    {
        await Process.KillAsync();
        await Process.DisposeAsync();
        return await StartAsync(folder, cancellationToken, GrpcUrl, HttpUrl);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    [GeneratedRegex(@"OTLP also: gRPC at (\S+); HTTP at (\S+)")]
    private static partial Regex Addresses();
}
