using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Configuration;
using Culprit.Server.Ingestion;
using Culprit.Server.Ingestion.Otlp;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

public sealed class OtlpListenersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheAddressesServeOtlpAndNothingElse()
    {
        using var folder = new TempFolder();
        await using var server = await OtlpServer.StartAsync(folder.Path, Token);
        using var client = new HttpClient(new SocketsHttpHandler());
        using var content = new ByteArrayContent(OtlpBodies.JsonLog("a"));
        content.Headers.ContentType = new("application/json");

        using var health = await client.GetAsync(new Uri(server.HttpUrl + "/health"), Token);
        using var export = await client.PostAsync(new Uri(server.HttpUrl + "/v1/logs"), content, Token);
        using var content2 = new ByteArrayContent(OtlpBodies.JsonLog("a"));
        content2.Headers.ContentType = new("application/json");
        using var main = await server.Process.Http.PostAsync(new Uri("/v1/logs", UriKind.Relative), content2, Token);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.OK), (health.StatusCode, export.StatusCode, main.StatusCode));
    }

    [Fact]
    public async Task TheStartAndTheRootSayWhereEachProtocolIsTaken()
    {
        using var folder = new TempFolder();
        await using var server = await OtlpServer.StartAsync(folder.Path, Token);

        var endpoints = (await server.Process.GetAsync("/", Token)).GetProperty("endpoints");

        Assert.Contains("Elasticsearch /_bulk, /elasticsearch/_bulk; Loki /loki/api/v1/push; Seq /ingest/clef; Splunk HEC /services/collector/event", server.Process.Output, StringComparison.Ordinal);
        Assert.Contains($"gRPC at {server.GrpcUrl}; HTTP at {server.HttpUrl}", server.Process.Output, StringComparison.Ordinal);
        Assert.Equal($"gRPC at port {new Uri(server.GrpcUrl).Port}", endpoints.GetProperty("otlp_grpc").GetString());
        Assert.Equal($"HTTP at port {new Uri(server.HttpUrl).Port}", endpoints.GetProperty("otlp_http").GetString());
        foreach (var address in SenderAddresses.All)
        {
            Assert.Equal("POST " + string.Join(", ", address.Paths), endpoints.GetProperty(address.Key).GetString());
            foreach (var path in address.Paths)
            {
                // Without a body and a type each refuses it in its own way, but is there.
                using var answer = await server.Process.Http.PostAsync(new Uri(path, UriKind.Relative), null, Token);
                Assert.True((int)answer.StatusCode is 400 or 415 or 422, $"{path}: {answer.StatusCode}");
            }
        }
    }

    /// <summary>Whoever adds a protocol lists it.</summary>
    [Fact]
    public async Task EveryRouteThatTakesRecordsIsOfAProtocolThatIsListed()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        var listed = SenderAddresses.All.SelectMany(a => a.Paths).ToList();
        var paths = (await server.GetAsync("/openapi/v1.json", Token)).GetProperty("paths").EnumerateObject()
            .Where(p => p.Value.TryGetProperty("post", out var post) && post.TryGetProperty("tags", out var tags) && tags.EnumerateArray().Any(t => t.GetString() == "Ingestion"))
            .Select(p => p.Name).ToList();

        Assert.True(paths.Count >= 10, string.Join(' ', paths));
        Assert.All(paths, path => Assert.Contains(listed, other => path.EndsWith(other, StringComparison.Ordinal) || other.StartsWith(path, StringComparison.Ordinal) || path.StartsWith(other + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AConfiguredAddressThatIsTakenEndsTheStart()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var folder = new TempFolder();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        await using var server = ServerProcess.Launch(folder.Path, [], new Dictionary<string, string> { ["CULPRIT_otlp__grpcUrl"] = url });

        Assert.True(await server.EndsWithinAsync(TimeSpan.FromMinutes(1), Token));
        await server.WaitForOutputAsync("cannot start", Token);
    }

    [Fact]
    public void ADefaultAddressThatIsTakenIsLeftOutWithAWarning()
    {
        using var taken = TryTake(4317);
        var logger = new Lines();

        var listeners = OtlpListeners.Choose(new OtlpSection { HttpUrl = "none" }, "http://127.0.0.1:8000", logger);

        Assert.Null(listeners.GrpcUrl);
        Assert.Contains("otlp: grpcUrl", Assert.Single(logger), StringComparison.Ordinal);
    }

    [Fact]
    public void ADefaultAddressThatIsTheServersOwnIsNotOpenedTwice()
    {
        var logger = new Lines();

        var listeners = OtlpListeners.Choose(new OtlpSection { GrpcUrl = "none" }, "http://0.0.0.0:4318", logger);

        Assert.Empty(listeners.Urls);
        Assert.Empty(logger);
    }

    /// <summary>Holds the port, unless somebody else does: then it is taken just as well.</summary>
    private static TcpListener? TryTake(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }

    /// <summary>What was logged.</summary>
    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add(formatter(state, exception));
    }
}
