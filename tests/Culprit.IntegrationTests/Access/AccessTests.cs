using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Access;
using Culprit.Server.Configuration;
using ModelContextProtocol.Client;

namespace Culprit.IntegrationTests.Access;

public sealed class AccessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Authorization", "Bearer KEY")]
    [InlineData("Authorization", "bearer KEY")]
    [InlineData("Authorization", "Splunk KEY")]
    [InlineData("Authorization", "ApiKey KEY")]
    [InlineData("Authorization", "ApiKey 64(abc:KEY)")]
    [InlineData("Authorization", "Basic 64(elastic:KEY)")]
    [InlineData("Authorization", "Basic 64(KEY:)")]
    [InlineData("X-Api-Key", "KEY")]
    [InlineData("X-Seq-ApiKey", "KEY")]
    [InlineData("DD-API-KEY", "KEY")]
    [InlineData("?apiKey", "KEY")]
    [InlineData("?token", "KEY")]
    public async Task TheKeyIsFoundWhereClientsPutIt(string where, string form)
    {
        await using var server = await GuardedServer.StartAsync();
        var key = await server.MakeKeyAsync("ingest");
        var value = form.Replace("KEY", key, StringComparison.Ordinal);
        if (value.IndexOf("64(", StringComparison.Ordinal) is > 0 and var at)
        {
            value = value[..at] + Convert.ToBase64String(Encoding.UTF8.GetBytes(value[(at + 3)..^1]));
        }

        using var client = server.CreateClient(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, where.StartsWith('?') ? $"/events{where}={value}" : "/events")
        {
            Content = new StringContent("""{"message":"m"}""", Encoding.UTF8, "application/json"),
        };
        if (!where.StartsWith('?'))
        {
            request.Headers.TryAddWithoutValidation(where, value);
        }

        using var response = await client.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task AKeyInTheAddressIsNotEnoughToRead()
    {
        await using var server = await GuardedServer.StartAsync();
        var key = await server.MakeKeyAsync("read");

        Assert.Equal(HttpStatusCode.Unauthorized, await server.StatusAsync("GET", "/incidents?token=" + key, null));
    }

    [Fact]
    public async Task WhatAKeyMayNotWriteIsRefusedAloneAndLaterTakenFromAnother()
    {
        const string body = """
            {"id":"a","message":"m","service":"checkout-1","environment":"production"}
            {"id":"b","message":"m","service":"checkout-1","environment":"staging"}
            {"id":"c","message":"m","service":"ledger","environment":"production"}
            {"id":"d","message":"m","service":"checkout-2"}
            """;
        await using var server = await GuardedServer.StartAsync();
        var narrow = await server.MakeKeyAsync(new KeyRequest("n", ["ingest"]) { Environments = ["production"], Services = ["checkout*"] });
        var wide = await server.MakeKeyAsync("ingest", "read");

        var first = await PostAsync(server, narrow, body);
        var second = await PostAsync(server, wide, body);

        Assert.Equal(2, first.GetProperty("accepted").GetInt32());
        Assert.Equal([1, 2], first.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("index").GetInt32()));
        Assert.All(first.GetProperty("rejected").EnumerateArray(), r => Assert.Equal("not_permitted", r.GetProperty("code").GetString()));
        Assert.Equal(2, second.GetProperty("accepted").GetInt32());
        Assert.Equal(2, second.GetProperty("duplicates").GetInt32());

        // Whose record names no environment speaks from the only one that its key has.
        using var client = server.CreateClient(wide);
        var found = await client.GetStringAsync(new Uri("/events/d", UriKind.Relative), Token);
        Assert.Contains("\"environment\":\"production\"", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnElasticsearchClientIsToldWhichDocumentsItsKeyMayNotWrite()
    {
        await using var server = await GuardedServer.StartAsync();
        var key = await server.MakeKeyAsync(new KeyRequest("n", ["ingest"]) { Services = ["checkout"] });
        using var client = server.CreateClient(key);
        using var body = new StringContent(
            """
            {"create":{}}
            {"message":"a","service":{"name":"checkout"},"@timestamp":"2026-11-23T05:00:00Z"}
            {"delete":{"_id":"x"}}
            {"create":{"_id":"b"}}
            {"message":"b","service":{"name":"ledger"},"@timestamp":"2026-11-23T05:00:00Z"}

            """, Encoding.UTF8, "application/x-ndjson");

        using var response = await client.PostAsync(new Uri("/_bulk", UriKind.Relative), body, Token);

        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        Assert.True(json.RootElement.GetProperty("errors").GetBoolean());
        Assert.Equal([201, 404, 403], json.RootElement.GetProperty("items").EnumerateArray().Select(i => i.EnumerateObject().First().Value.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task AKeyLeavesOutWhatItsTermsSay()
    {
        await using var server = await GuardedServer.StartAsync();
        var key = await server.MakeKeyAsync(new KeyRequest("k", ["ingest"]) { MinimumLevel = "warn" });

        var answer = await PostAsync(server, key, """
            {"message":"m","level":"INFO"}
            {"message":"m","level":"ERROR"}
            """);

        Assert.Equal(2, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(1, answer.GetProperty("sampled").GetInt32());
    }

    [Fact]
    public async Task ASpentQuotaIsToldWithATimeToComeBack()
    {
        await using var server = await GuardedServer.StartAsync();
        var key = await server.MakeKeyAsync(new KeyRequest("k", ["ingest"]) { BytesPerDay = 10 });
        await PostAsync(server, key, """{"message":"more than ten bytes"}""");

        using var client = server.CreateClient(key);
        using var content = new StringContent("""{"message":"m"}""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/events", UriKind.Relative), content, Token);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task ARevokedKeyEndsAndWhoDidItIsWrittenDown()
    {
        await using var server = await GuardedServer.StartAsync();
        var admin = await server.MakeKeyAsync(new KeyRequest("the operator", ["admin"]));
        using var client = server.CreateClient(admin);
        using var wish = new StringContent("""{"name":"shipper","scopes":["ingest"],"environments":["production"],"expires_in_days":30}""", Encoding.UTF8, "application/json");
        using var made = await client.PostAsync(new Uri("/keys", UriKind.Relative), wish, Token);
        using var json = JsonDocument.Parse(await made.Content.ReadAsStringAsync(Token));
        var (id, secret) = (json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("key").GetString()!);
        var before = await server.StatusAsync("POST", "/events", secret);

        using var revoked = await client.DeleteAsync(new Uri("/keys/" + id, UriKind.Relative), Token);

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, before);
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await server.StatusAsync("POST", "/events", secret));
        var keys = await client.GetStringAsync(new Uri("/keys", UriKind.Relative), Token);
        Assert.Contains("\"revoked\"", keys, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, keys, StringComparison.Ordinal);
        var audit = await client.GetStringAsync(new Uri("/audit", UriKind.Relative), Token);
        Assert.Contains("the operator", audit, StringComparison.Ordinal);
        Assert.Contains($"/keys/{id}", audit, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWebSocketDoesWhatItsKeyAllows()
    {
        await using var server = await GuardedServer.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + await server.MakeKeyAsync("ingest"));
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/ws/c" }.Uri, Token);

        var published = await AskAsync(socket, """{"action":"publish","event":{"message":"m"},"ref":"1"}""");
        var subscribed = await AskAsync(socket, """{"action":"subscribe","ref":"2"}""");

        Assert.Contains("published", published, StringComparison.Ordinal);
        Assert.Contains("wrong_scope", subscribed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAgentSeesWhatItsKeyMaySee()
    {
        await using var server = await GuardedServer.StartAsync();
        var wide = await server.MakeKeyAsync("ingest", "read");
        await PostAsync(server, wide, string.Join('\n', Enumerable.Range(0, 8).Select(i => $$"""{"type":"log.error","error_type":"E","service":"a","environment":"staging","message":"refused {{i}}"}""")));
        await using var whole = await ConnectAsync(server, wide);
        await using var narrow = await ConnectAsync(server, await server.MakeKeyAsync(new KeyRequest("n", ["read"]) { Environments = ["production"] }));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!(await IncidentsAsync(whole)).Contains("staging", StringComparison.Ordinal))
        {
            await pause.WaitForNextTickAsync(Token);
        }

        Assert.DoesNotContain("staging", await IncidentsAsync(narrow), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BeyondLoopbackAKeyIsNeededAndTheCommandLineMakesTheFirst()
    {
        await using var server = await GuardedServer.StartAsync(o =>
        {
            o.Urls = "http://0.0.0.0:0";
            o.Access = new AccessSection();
        });
        var address = new UriBuilder(server.Address) { Host = "127.0.0.1" }.Uri;
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
        using var refused = await client.GetAsync(new Uri("/incidents", UriKind.Relative), Token);

        var made = await CommandRun.ExecuteAsync(null, ["keys", "create", "me", "--scope", "read", "--data", server.Folder], Token);
        var listed = await CommandRun.ExecuteAsync(null, ["keys", "list", "--data", server.Folder], Token);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", made.Output.Trim());
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await client.GetAsync(new Uri("/incidents", UriKind.Relative), Token)).StatusCode != HttpStatusCode.OK)
        {
            await pause.WaitForNextTickAsync(Token);
        }

        var wrong = await CommandRun.ExecuteAsync(null, ["keys", "create", "me", "--scope", "write", "--data", server.Folder], Token);
        var id = listed.Output.Split(' ')[0];
        var revoked = await CommandRun.ExecuteAsync(null, ["keys", "revoke", id, "--data", server.Folder], Token);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(0, made.ExitCode);
        Assert.Contains("valid", listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(made.Output.Trim(), listed.Output, StringComparison.Ordinal);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("ingest, read, admin", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal(0, revoked.ExitCode);
    }

    private static async Task<JsonElement> PostAsync(GuardedServer server, string key, string body)
    {
        using var client = server.CreateClient(key);
        using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
        using var response = await client.PostAsync(new Uri("/events", UriKind.Relative), content, Token);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        return json.RootElement.Clone();
    }

    private static async Task<string> AskAsync(ClientWebSocket socket, string message)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, Token);
        var buffer = new byte[64 * 1024];
        var read = await socket.ReceiveAsync(buffer.AsMemory(), Token);
        return Encoding.UTF8.GetString(buffer, 0, read.Count);
    }

    private static Task<McpClient> ConnectAsync(GuardedServer server, string key) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(server.Address, "/mcp"),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + key },
        }),
        cancellationToken: Token);

    private static async Task<string> IncidentsAsync(McpClient client) =>
        JsonSerializer.Serialize((await client.CallToolAsync("list_incidents", new Dictionary<string, object?>(), cancellationToken: Token)).Content);
}
