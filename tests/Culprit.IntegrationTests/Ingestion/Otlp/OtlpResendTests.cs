using System.Net;
using System.Net.Http.Headers;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>kill -9 under a sender that sends the same bytes until they are answered: nothing is lost, nothing doubled.</summary>
[Collection(FaultCollection.Name)]
public sealed class OtlpResendTests
{
    private static readonly string[] Points = ["journal-after-write", "journal-before-sync", "journal-after-sync", "journal-before-ack"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsSentAgainAfterAKillCountsOnce(bool isGrpc)
    {
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        using var folder = new TempFolder();
        var (sent, resent) = (0, 0);
        foreach (var point in Points)
        {
            var server = await OtlpServer.StartAsync(folder.Path, Token, faultPoint: $"{point}:{random.Next(3, 20)}");
            using var client = Client(isGrpc);
            var isAlive = true;
            for (var i = 0; i < 25; i++)
            {
                var body = OtlpBodies.Log($"message {sent++}", (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000);
                while (!await TrySendAsync(client, server, body, isGrpc))
                {
                    resent++;
                    Assert.True(isAlive, "the server that was started again answers nothing");
                    server = await server.RestartAsync(folder.Path, Token);
                    isAlive = false;
                }
            }

            Assert.False(isAlive, $"{point} was not met");
            await server.Process.KillAsync();
            await server.DisposeAsync();
        }

        await using var last = await ServerProcess.StartAsync(folder.Path, Token);
        var stored = await last.WaitForEventsAsync("type=log.entry&limit=1000", e => e.Count >= sent, Token);
        var distinct = stored.Select(e => e.GetProperty("message").GetString()).Distinct().Count();

        FaultTier.Report($"OTLP {(isGrpc ? "gRPC" : "HTTP")}, {Points.Length} kills: {sent} sent, {resent} sent again, {distinct} stored, {stored.Count - distinct} doubled, seed {seed}");
        Assert.Equal((sent, sent), (distinct, stored.Count));
    }

    private static HttpClient Client(bool isGrpc) => new(new SocketsHttpHandler())
    {
        DefaultRequestVersion = isGrpc ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<bool> TrySendAsync(HttpClient client, OtlpServer server, byte[] body, bool isGrpc)
    {
        using var content = new ByteArrayContent(isGrpc ? [0, 0, 0, 0, (byte)body.Length, .. body] : body);
        content.Headers.ContentType = new MediaTypeHeaderValue(isGrpc ? "application/grpc" : "application/x-protobuf");
        try
        {
            using var response = await client.PostAsync(
                new Uri(isGrpc ? server.GrpcUrl + "/opentelemetry.proto.collector.logs.v1.LogsService/Export" : server.HttpUrl + "/v1/logs"), content, Token);
            await response.Content.ReadAsByteArrayAsync(Token);
            return response.IsSuccessStatusCode && (!isGrpc || (response.TrailingHeaders.TryGetValues("grpc-status", out var status) && status.Single() == "0"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return false;
        }
    }
}
