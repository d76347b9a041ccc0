using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.IntegrationTests.Http;
using Culprit.IntegrationTests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>OTLP over gRPC, frame by frame.</summary>
public sealed class OtlpGrpcTests : IAsyncLifetime
{
    private const string Logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

    private HttpFace _face = null!;
    private HttpClient _client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _face = await HttpFace.StartAsync(services => services.Configure<KestrelServerOptions>(
            kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2)));
        _client = new HttpClient(new SocketsHttpHandler())
        {
            BaseAddress = _face.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _face.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACallIsAnsweredWhenItsRecordsAreStored(bool isCompressed)
    {
        var message = OtlpBodies.Log("by gRPC");

        var call = await CallAsync(Logs, Frame(isCompressed ? PublishTests.Compress(message, "gzip") : message, isCompressed), isCompressed ? "gzip" : null);

        Assert.Equal(("0", 5), (call.Status, call.Body.Length));
        Assert.Contains("\"message\":\"by gRPC\"", await _client.GetStringAsync(new Uri("/events", UriKind.Relative), Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logs.v1.LogsService")]
    [InlineData("trace.v1.TraceService")]
    [InlineData("metrics.v1.MetricsService")]
    public async Task EachServiceTakesAnEmptyRequest(string service) =>
        Assert.Equal("0", (await CallAsync($"/opentelemetry.proto.collector.{service}/Export", Frame([]))).Status);

    [Fact]
    public async Task WhatIsRefusedIsPartialSuccess()
    {
        var body = new ProtoWriter();
        var (resource, scope) = (body.Begin(1), body.Begin(2));
        body.Content(2, [0x2A, 0x01, (byte)'a']); // a span with a name and no ids
        body.End(scope);
        body.End(resource);

        var call = await CallAsync("/opentelemetry.proto.collector.trace.v1.TraceService/Export", Frame(body.Written.ToArray()));

        Assert.Equal("0", call.Status);
        Assert.Equal([0x0A, 0x08, 0x01], [call.Body[5], call.Body[10], call.Body[11]]); // partial_success { rejected_spans: 1
    }

    public static TheoryData<string, byte[], string?, string> BadCalls() => new()
    {
        { "not protobuf", Frame([0x0A, 0xFF, 0x01]), null, "3" },
        { "no frame", [1, 2], null, "3" },
        { "a frame that is too long", [0, 0, 0, 0, 9, 1], null, "3" },
        { "two messages", [.. Frame([]), .. Frame([])], null, "3" },
        { "an unknown compression", Frame([1, 2, 3], isCompressed: true), "lz4", "12" },
        { "corrupt gzip", Frame([1, 2, 3], isCompressed: true), "gzip", "3" },
        { "a bomb", Frame(PublishTests.Compress(new byte[20_000_000], "gzip"), isCompressed: true), "gzip", "8" },
    };

    [Theory]
    [MemberData(nameof(BadCalls))]
    public async Task ABadCallHasItsStatusAndDetails(string what, byte[] frame, string? encoding, string status)
    {
        var call = await CallAsync(Logs, frame, encoding);

        Assert.True(call.Status == status, $"{what}: {call.Status} {call.Message}");
        Assert.NotEmpty(call.Message);
        Assert.Equal(byte.Parse(status, System.Globalization.CultureInfo.InvariantCulture), call.Details[1]);
        Assert.Equal(0, _face.Journal.Appends);
    }

    [Fact]
    public async Task UnderPressureTheCallerIsToldWhenToComeBack()
    {
        _face.Journal.Refusal = "The journal is full.";

        var call = await CallAsync(Logs, Frame(OtlpBodies.Log("a")));

        Assert.Equal("14", call.Status);
        Assert.Contains("google.rpc.RetryInfo", System.Text.Encoding.UTF8.GetString(call.Details), StringComparison.Ordinal);
        Assert.Equal(7, call.Details[^1]); // seconds
    }

    [Fact]
    public async Task AnUnknownMethodIsNotFound()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/opentelemetry.proto.collector.logs.v1.LogsService/Import")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await _client.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode); // which gRPC reads as UNIMPLEMENTED
    }

    private static byte[] Frame(byte[] message, bool isCompressed = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private async Task<Call> CallAsync(string path, byte[] frame, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        using var response = await _client.SendAsync(request, Token);
        var body = await response.Content.ReadAsByteArrayAsync(Token);
        Assert.True(response.IsSuccessStatusCode, $"{response}: {System.Text.Encoding.UTF8.GetString(body)}");
        var details = Find("grpc-status-details-bin");
        return new Call(Find("grpc-status"), Find("grpc-message"), body, Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '=')));

        string Find(string name) => response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.Single() : "";
    }

    private sealed record Call(string Status, string Message, byte[] Body, byte[] Details);
}
