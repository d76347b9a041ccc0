using System.Net;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Culprit.IntegrationTests.Access;

/// <summary>S7: every route that the router has, with every scope, and with every environment.</summary>
public sealed class RouteMatrixTests
{
    private static readonly string[] Scopes = ["ingest", "read", "respond", "admin"];

    /// <summary>What each route asks for, written down a second time: a new route fails here until somebody has thought about it.</summary>
    private static readonly Dictionary<string, string> Expected = new(StringComparer.Ordinal)
    {
        ["GET /"] = "",
        ["HEAD /"] = "",
        ["GET /health"] = "",
        ["HEAD /health"] = "",
        ["GET /ready"] = "",
        ["HEAD /ready"] = "",
        ["POST /changes/github"] = "",
        ["POST /events"] = "ingest",
        ["HEAD /events"] = "ingest",
        ["POST /changes"] = "ingest",
        ["GET /ws/{client_id}"] = "ingest read",
        ["GET /events"] = "read",
        ["GET /events/{id}"] = "read",
        ["GET /events/{id}/chain"] = "read",
        ["GET /events/counts"] = "read",
        ["GET /events/stream"] = "read",
        ["GET /patterns"] = "read",
        ["GET /incidents"] = "read",
        ["GET /incidents/{id}"] = "read",
        ["GET /incidents/{id}/report"] = "read",
        ["GET /incidents/{id}/feedback"] = "read",
        ["GET /summaries"] = "read",
        ["GET /services"] = "read",
        ["GET /topology"] = "read",
        ["GET /openapi/{documentName}.json"] = "read",
        ["GET /health/detailed"] = "read",
        ["GET /metrics"] = "read",
        ["POST /diagnose"] = "read",
        ["POST /ask"] = "read",
        ["POST /mcp"] = "read",
        ["GET /silences"] = "read",
        ["GET /alerts/dry-run"] = "read",
        ["POST /silences"] = "respond",
        ["POST /alerts/routes/{name}/test"] = "respond",
        ["DELETE /silences/{id}"] = "respond",
        ["POST /incidents/{id}/acknowledge"] = "respond",
        ["POST /incidents/{id}/resolve"] = "respond",
        ["POST /incidents/{id}/feedback"] = "admin",
        ["POST /events/replay"] = "admin",
        ["GET /events/dlq"] = "admin",
        ["GET /events/dlq/{id}"] = "admin",
        ["POST /events/dlq/{id}/retry"] = "admin",
        ["POST /events/dlq/retry"] = "admin",
        ["DELETE /events/dlq/{id}"] = "admin",
        ["GET /keys"] = "admin",
        ["POST /keys"] = "admin",
        ["DELETE /keys/{id}"] = "admin",
        ["GET /audit"] = "admin",
    };

    /// <summary>What the protocols of shippers have below them, all of it for senders.</summary>
    private static readonly string[] SendersPaths =
    [
        "/_", "/elasticsearch", "/{index}", "/logstash", "/v1/logs", "/v1/traces", "/v1/metrics", "/opentelemetry.proto.collector.", "/{unimplementedService", "/loki/", "/otlp/",
        "/api/prom/push", "/services/collector", "/ingest/clef", "/api/events/raw", "/gelf",
    ];

    private static string? ExpectedOf(string route) => Expected.GetValueOrDefault(route)
        ?? (SendersPaths.Any(p => route.Split(' ')[1].StartsWith(p, StringComparison.Ordinal)) ? "ingest" : null);

    [Fact]
    public async Task EveryRouteLetsInWhoMayAndNobodyElse()
    {
        await using var server = await GuardedServer.StartAsync();
        var keys = new Dictionary<string, string>();
        foreach (var scope in Scopes)
        {
            keys[scope] = await server.MakeKeyAsync(scope);
        }

        var unknown = KeySecret.Create();
        var wrong = new List<string>();
        var routes = Routes(server);
        foreach (var (method, path) in routes)
        {
            var route = $"{method} {path}";
            if (ExpectedOf(route) is not { } expected)
            {
                wrong.Add($"{route}: nobody has said what it asks for");
                continue;
            }

            var isOpen = expected.Length == 0;
            await CheckAsync(route, null, "no key", isOpen ? null : HttpStatusCode.Unauthorized);
            await CheckAsync(route, unknown, "unknown key", isOpen ? null : HttpStatusCode.Unauthorized);
            foreach (var (scope, key) in keys)
            {
                await CheckAsync(route, key, scope, isOpen || scope == "admin" || expected.Contains(scope, StringComparison.Ordinal) ? null : HttpStatusCode.Forbidden);
            }
        }

        async Task CheckAsync(string route, string? key, string what, HttpStatusCode? refusal)
        {
            var (method, path) = (route.Split(' ')[0], route.Split(' ')[1].Replace("{documentName}", "v1", StringComparison.Ordinal));
            var status = await server.StatusAsync(method, Concrete(path), key);
            var isRefused = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;

            // GitHub's webhook refuses by itself what is not signed.
            if (route != "POST /changes/github" && (refusal is null ? isRefused : status != refusal))
            {
                wrong.Add($"{route} with {what}: {(int)status}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Empty(Expected.Keys.Except(routes.Select(r => $"{r.Method} {r.Path}")));
        TestContext.Current.SendDiagnosticMessage($"S7: {routes.Count} routes x {2 + Scopes.Length} callers");
    }

    [Fact]
    public async Task NoRouteShowsAnotherEnvironment()
    {
        const string canary = "canary-of-staging";
        await using var server = await GuardedServer.StartAsync();
        var ingest = await server.MakeKeyAsync("ingest");
        var ids = await SendAsync(server, ingest, canary);
        var production = await server.MakeKeyAsync(new KeyRequest("p", ["read"]) { Environments = ["production"] });
        var both = await server.MakeKeyAsync(new KeyRequest("b", ["read"]) { Environments = ["production", "staging"] });

        using var of = server.CreateClient(both);
        await WaitForIncidentsAsync(of, ["production", "staging"]);
        await WaitAsync(async () => (await of.GetStringAsync(new Uri("/services", UriKind.Relative), TestContext.Current.CancellationToken)).Contains("\"staging\"", StringComparison.Ordinal));
        var incidents = await IncidentsAsync(of);
        var staging = incidents.First(i => i.GetProperty("environment").GetString() == "staging").GetProperty("incident_id").GetString()!;
        var shown = new Dictionary<string, (string Restricted, string Whole)>();
        foreach (var (method, path) in Routes(server).Where(r => r.Method == "GET" && !r.Path.Contains("stream", StringComparison.Ordinal)
            && ExpectedOf($"{r.Method} {r.Path}") == "read" && r.Path is not ("/metrics" or "/health/detailed" or "/openapi/{documentName}.json")))
        {
            var id = path.StartsWith("/incidents", StringComparison.Ordinal) ? staging : ids["staging"];
            var concrete = path.Replace("{id}", id, StringComparison.Ordinal)
                + (path == "/events/counts" ? "?by=service,environment" : path.EndsWith("/report", StringComparison.Ordinal) ? "?format=json" : "");
            shown[path] = (await ReadAsync(server, concrete, production), await ReadAsync(server, concrete, both));
        }

        foreach (var route in shown)
        {
            Assert.False(route.Value.Restricted.Contains(canary, StringComparison.Ordinal), route.Key);
            Assert.False(route.Value.Restricted.Contains("\"staging\"", StringComparison.Ordinal), route.Key);
        }

        // The test is not blind: whoever may see staging sees it in most of these places.
        Assert.InRange(shown.Count(r => r.Value.Whole.Contains(canary, StringComparison.Ordinal) || r.Value.Whole.Contains("\"staging\"", StringComparison.Ordinal)), 9, shown.Count);
        var asked = await PostAsync(server, "/diagnose", production, $$"""{"from":"{{TimeProvider.System.GetUtcNow().AddHours(-1):O}}","to":"{{TimeProvider.System.GetUtcNow().AddMinutes(1):O}}"}""");
        Assert.Contains("canary-of-production", asked, StringComparison.Ordinal);
        Assert.DoesNotContain(canary, asked, StringComparison.Ordinal);
    }

    private static string Concrete(string path) => string.Join('/', path.Split('/').Select(p => p.StartsWith('{') ? "x" : p));

    private static List<(string Method, string Path)> Routes(GuardedServer server) =>
        [.. server.App.Services.GetServices<EndpointDataSource>().Append(((IEndpointRouteBuilder)server.App).DataSources.First()).SelectMany(s => s.Endpoints)
            .Concat(((IEndpointRouteBuilder)server.App).DataSources.SelectMany(s => s.Endpoints)).OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(m => (m, "/" + e.RoutePattern.RawText!.Trim('/'))))
            .Distinct().Order()];

    private static async Task<Dictionary<string, string>> SendAsync(GuardedServer server, string key, string canary)
    {
        var ids = new Dictionary<string, string>();
        foreach (var environment in new[] { "production", "staging" })
        {
            var lines = Enumerable.Range(0, 8).Select(i => JsonSerializer.Serialize(new
            {
                id = $"{environment}-{i}",
                type = "log.error",
                service = $"shop-{environment}",
                environment,
                error_type = "Refused",
                message = $"canary-of-{environment} connection refused by database",
            }));
            var answer = await PostAsync(server, "/events", key, string.Join('\n', lines), "application/x-ndjson");
            Assert.Contains("\"accepted\":8", answer, StringComparison.Ordinal);
            ids[environment] = $"{environment}-3";
        }

        Assert.Equal("canary-of-staging", canary);
        return ids;
    }

    private static async Task<string> PostAsync(GuardedServer server, string path, string key, string body, string type = "application/json")
    {
        using var client = server.CreateClient(key);
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> ReadAsync(GuardedServer server, string path, string key)
    {
        using var client = server.CreateClient(key);
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<List<JsonElement>> IncidentsAsync(HttpClient client)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/incidents", UriKind.Relative), TestContext.Current.CancellationToken));
        return [.. document.RootElement.GetProperty("incidents").EnumerateArray().Select(i => i.Clone())];
    }

    private static Task WaitForIncidentsAsync(HttpClient client, string[] environments) =>
        WaitAsync(async () => !environments.Except((await IncidentsAsync(client)).Select(i => i.GetProperty("environment").GetString()!)).Any());

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }
}
