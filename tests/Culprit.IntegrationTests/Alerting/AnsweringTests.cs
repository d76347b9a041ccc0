using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.IntegrationTests.Access;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Access;
using Culprit.Server.Alerting.Setup;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>People answer alerts of a whole server, over HTTP and from the command line.</summary>
public sealed class AnsweringTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnIncidentIsAcknowledgedAndResolvedByWhoMay()
    {
        await using var server = await GuardedServer.StartAsync();
        var production = await server.MakeKeyAsync(new KeyRequest("ann", ["respond", "read"]) { Environments = ["production"] });
        var staging = await server.MakeKeyAsync(new KeyRequest("sam", ["respond", "read"]) { Environments = ["staging"] });
        var incident = await OpenIncidentAsync(server);

        Assert.Equal(404, (await PostAsync(server, staging, $"/incidents/{incident}/acknowledge")).Status);
        Assert.Equal(400, (await PostAsync(server, production, $"/incidents/{incident}/acknowledge", """{"by":""}""")).Status);
        var acknowledged = await PostAsync(server, production, $"/incidents/{incident}/acknowledge", """{"comment":"looking"}""");
        var listed = await GetAsync(server, production, "/incidents?state=acknowledged");
        var resolved = await PostAsync(server, production, $"/incidents/{incident}/resolve", """{"by":"ann b."}""");
        var late = await PostAsync(server, production, $"/incidents/{incident}/acknowledge");

        Assert.Equal((200, "acknowledged", "ann"), (acknowledged.Status, (string?)acknowledged.Json["state"], (string?)acknowledged.Json["acknowledged_by"]));
        Assert.Equal(incident, (string?)Assert.Single(listed["incidents"]!.AsArray())!["incident_id"]);
        Assert.Equal((200, "ann b."), (resolved.Status, (string?)resolved.Json["resolved_by"]));
        Assert.Equal(409, late.Status);
        await WaitAsync(async () =>
        {
            var whole = await GetAsync(server, production, $"/incidents/{incident}");
            var told = whole["deliveries"]!.AsArray().Select(d => $"{d!["type"]} {d["sink"]} {d["state"]}").ToList();
            return told.Contains("alert.firing console delivered") && told.Contains("alert.acknowledged console delivered") && told.Contains("alert.resolved console delivered");
        });
        var audit = (await server.Keys.AuditedAsync(10, Token)).Select(a => a.Action).ToList();
        Assert.Contains("POST /incidents/{id}/acknowledge", audit);
        Assert.Contains("POST /incidents/{id}/resolve", audit);
    }

    [Fact]
    public async Task TheCommandLineAnswers()
    {
        await using var server = await GuardedServer.StartAsync(o => o.Access.Required = "auto");
        var incident = await OpenIncidentAsync(server);

        var acknowledged = await CommandRun.ExecuteAsync(null, ["incident", incident, "--ack", "--by", "bob", "--url", server.Address.ToString()], Token);
        var both = await CommandRun.ExecuteAsync(null, ["incident", incident, "--ack", "--resolve"], Token);
        var resolved = await CommandRun.ExecuteAsync(null, ["incident", incident, "--resolve", "--json", "--url", server.Address.ToString()], Token);
        var unknown = await CommandRun.ExecuteAsync(null, ["incident", "nothing", "--resolve", "--url", server.Address.ToString()], Token);

        Assert.Equal((0, $"Incident {incident} is acknowledged by bob.\n"), (acknowledged.ExitCode, acknowledged.Output));
        Assert.Equal(2, both.ExitCode);
        Assert.Equal("local", (string?)JsonNode.Parse(resolved.Output)!["resolved_by"]);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("There is no incident 'nothing'.", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASilenceOfTheCommandLineHoldsAlertsUntilItIsEnded()
    {
        await using var server = await GuardedServer.StartAsync(o => o.Access.Required = "auto");
        var url = server.Address.ToString();
        var added = await CommandRun.ExecuteAsync(
            null, ["silence", "add", "--environment", "production", "--label", "team=x", "--service", "nobody", "--for", "2h", "--comment", "deploy", "--by", "ann", "--url", url], Token);
        var second = await CommandRun.ExecuteAsync(
            null, ["silence", "add", "--environment", "prod*", "--for", "2h", "--comment", "deploy", "--json", "--url", url], Token);
        var bad = await CommandRun.ExecuteAsync(null, ["silence", "add", "--environment", "production", "--comment", "c", "--url", url], Token);
        var id = (string)JsonNode.Parse(second.Output)!["id"]!;

        var incident = await OpenIncidentAsync(server);
        var key = await server.MakeKeyAsync("read");
        await WaitAsync(async () => (await DeliveriesAsync(server, key, incident)).Any(d => (string?)d["state"] == "held"));
        var listed = await CommandRun.ExecuteAsync(null, ["silence", "list", "--url", url], Token);
        var ended = await CommandRun.ExecuteAsync(null, ["silence", "end", id, "--url", url], Token);

        await WaitAsync(async () => (await DeliveriesAsync(server, key, incident)).Any(d => (string?)d["state"] == "delivered"));
        Assert.Equal(0, added.ExitCode);
        Assert.Contains("ann  environments=production services=nobody team=x  deploy", added.Output, StringComparison.Ordinal);
        Assert.Equal(2, listed.Output.TrimEnd().Split('\n').Length);
        Assert.Contains($"{id}  active ", listed.Output, StringComparison.Ordinal);
        Assert.Contains($"{id}  ended ", ended.Output, StringComparison.Ordinal);
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("Give either --for or --until.", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("DELETE /silences/{id}", (await server.Keys.AuditedAsync(10, Token)).Select(a => a.Action));
    }

    [Fact]
    public async Task ATestAlertGoesToTheSinksOfItsRoute()
    {
        var route = new AlertRoute { Name = "all", Sinks = ["console"] };
        await using var server = await GuardedServer.StartAsync(
            o => o.Access.Required = "auto", new AlertSettings(new Dictionary<string, SinkOptions>(), [route], []));
        var url = server.Address.ToString();

        var tested = await CommandRun.ExecuteAsync(null, ["alert", "test", "all", "--url", url], Token);
        var unknown = await CommandRun.ExecuteAsync(null, ["alert", "test", "none", "--url", url], Token);

        Assert.Equal((0, "console           delivered\n"), (tested.ExitCode, tested.Output));
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("There is no route with the name 'none'.", unknown.Errors, StringComparison.Ordinal);
        Assert.Contains("POST /alerts/routes/{name}/test", (await server.Keys.AuditedAsync(10, Token)).Select(a => a.Action));
    }

    [Fact]
    public async Task ADryRunTellsWhoWouldHaveBeenTold()
    {
        await using var server = await GuardedServer.StartAsync(o => o.Access.Required = "auto");
        var incident = await OpenIncidentAsync(server);

        var run = await CommandRun.ExecuteAsync(null, ["alert", "dry-run", "--url", server.Address.ToString()], Token);
        var wrong = await CommandRun.ExecuteAsync(null, ["alert", "dry-run", "--from", "yesterday", "--url", server.Address.ToString()], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(incident, run.Output, StringComparison.Ordinal);
        Assert.Matches(@"alert\.firing +console +delivered", run.Output);
        Assert.Matches(@"console +sent \d+, held 0, dropped 0", run.Output);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("'from' and 'to' are ISO 8601 times", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASilenceReachesNoEnvironmentBeyondThoseOfItsKey()
    {
        await using var server = await GuardedServer.StartAsync();
        var production = await server.MakeKeyAsync(new KeyRequest("ann", ["respond", "read"]) { Environments = ["production"] });
        var staging = await server.MakeKeyAsync(new KeyRequest("sam", ["respond", "read"]) { Environments = ["staging"] });

        var everywhere = await PostAsync(server, production, "/silences", """{"services":["shop"],"duration":"1h","comment":"c"}""");
        var pattern = await PostAsync(server, production, "/silences", """{"environments":["prod*"],"duration":"1h","comment":"c"}""");
        var own = await PostAsync(server, production, "/silences", """{"environments":["production"],"duration":"1h","comment":"c"}""");

        Assert.Equal((403, 403, 201), (everywhere.Status, pattern.Status, own.Status));
        Assert.Empty((await GetAsync(server, staging, "/silences"))["silences"]!.AsArray());
        Assert.Single((await GetAsync(server, production, "/silences"))["silences"]!.AsArray());
        Assert.Equal(HttpStatusCode.NotFound, await server.StatusAsync("DELETE", $"/silences/{own.Json["id"]}", staging));
        Assert.Equal(HttpStatusCode.OK, await server.StatusAsync("DELETE", $"/silences/{own.Json["id"]}", production));
    }

    private static async Task<List<JsonNode>> DeliveriesAsync(GuardedServer server, string key, string incident) =>
        [.. (await GetAsync(server, key, $"/incidents/{incident}"))["deliveries"]!.AsArray().Select(d => d!)];

    /// <summary>Sends errors of production until there is an incident; its id.</summary>
    internal static async Task<string> OpenIncidentAsync(GuardedServer server, string environment = "production", string service = "shop")
    {
        var key = await server.MakeKeyAsync("ingest", "read");
        var lines = Enumerable.Range(0, 8).Select(_ => JsonSerializer.Serialize(new
        {
            type = "log.error",
            service,
            environment,
            error_type = "Refused",
            message = "connection refused by database",
        }));
        Assert.Equal(200, (await PostAsync(server, key, "/events", string.Join('\n', lines), "application/x-ndjson")).Status);
        string? id = null;
        await WaitAsync(async () =>
        {
            id = (string?)(await GetAsync(server, key, $"/incidents?environment={environment}"))["incidents"]!.AsArray().FirstOrDefault()?["incident_id"];
            return id is not null;
        });
        return id!;
    }

    internal static async Task<JsonNode> GetAsync(GuardedServer server, string key, string path)
    {
        using var client = server.CreateClient(key);
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!;
    }

    internal static async Task<Answer> PostAsync(GuardedServer server, string key, string path, string? body = null, string type = "application/json")
    {
        using var client = server.CreateClient(key);
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        return await Answer.ReadAsync(response);
    }

    internal static async Task WaitAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }
}
