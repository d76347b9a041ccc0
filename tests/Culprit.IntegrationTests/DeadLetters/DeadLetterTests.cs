using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.DeadLetters;
using Culprit.Server.Http;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Embedded;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Culprit.IntegrationTests.DeadLetters;

/// <summary><c>/events/dlq</c> and <c>culprit dlq</c> over a real state database.</summary>
public sealed class DeadLetterTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private readonly InMemoryRecordStore _records = new();
    private StateDatabase _database = null!;
    private EmbeddedStateStore _state = null!;
    private EmbeddedDeadLetterStore _letters = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = StateDatabase.Open(_folder.Path);
        _state = new EmbeddedStateStore(_database);
        _letters = new EmbeddedDeadLetterStore(_database);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IDeadLetterStore>(_letters);
        builder.Services.AddSingleton<IRecordStore>(_records);
        builder.Services.AddSingleton<IJournal>(new InMemoryJournal(_records));
        builder.Services.AddSingleton<AlertSignal>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddDeadLetters();
        _app = builder.Build();
        _app.UseHttpRules();
        _app.MapDeadLetters();
        await _app.StartAsync(Token);
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(Url) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        _database.Dispose();
        _folder.Dispose();
    }

    private string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    [Fact]
    public async Task ListsInPagesByKindAndReason()
    {
        for (var i = 0; i < 5; i++)
        {
            await AddAsync($"engine:{i}", i % 2 == 0 ? DeadLetterKinds.Engine : DeadLetterKinds.Handler, $"Reason {i}");
        }

        var first = await GetAsync("/events/dlq?limit=2");
        var second = await GetAsync($"/events/dlq?limit=2&cursor={first.GetProperty("next_cursor")}");
        var third = await GetAsync($"/events/dlq?limit=2&cursor={second.GetProperty("next_cursor")}");

        Assert.Equal(["engine:4", "engine:3", "engine:2", "engine:1", "engine:0"], ((JsonElement[])[first, second, third]).SelectMany(Ids));
        Assert.Equal(JsonValueKind.Null, third.GetProperty("next_cursor").ValueKind);
        Assert.Equal(["engine:3", "engine:1"], Ids(await GetAsync("/events/dlq?kind=handler")));
        Assert.Equal(["engine:2"], Ids(await GetAsync("/events/dlq?text=reason%202")));
        Assert.Equal(400, (int)(await _http.GetAsync(new Uri("/events/dlq?kind=x", UriKind.Relative), Token)).StatusCode);
    }

    [Fact]
    public async Task ShowsWhatWasSentAndDropsIt()
    {
        await AddAsync("a:b", DeadLetterKinds.Decoder, "bad");

        Assert.Equal("{\"n\":1}", (await GetAsync("/events/dlq/a:b")).GetProperty("raw").GetString());
        Assert.Equal(204, (int)(await _http.DeleteAsync(new Uri("/events/dlq/a:b", UriKind.Relative), Token)).StatusCode);
        Assert.Equal(404, (int)(await _http.DeleteAsync(new Uri("/events/dlq/a:b", UriKind.Relative), Token)).StatusCode);
    }

    [Fact]
    public async Task AnAlertThatIsRetriedIsBackInTheOutbox()
    {
        var alert = new OutboxItem("alert1", "slack", "i1", Encoding.UTF8.GetBytes("{\"n\":1}"), 0);
        await _state.ApplyAsync(new EngineOutput(1, [], [alert]), Token);
        await _state.GiveUpAsync(
            "alert1", "slack", new DeadLetter("alert1:slack", Now, "gone", alert.Json) { Kind = DeadLetterKinds.Alert }, Token);
        Assert.Empty(await _state.DueAlertsAsync("slack", Now, 10, Token));

        Assert.Equal(200, await PostAsync("/events/dlq/alert1:slack/retry"));

        var due = Assert.Single(await _state.DueAlertsAsync("slack", Now, 10, Token));
        Assert.Equal(("alert1", 0, "{\"n\":1}"), (due.Id, due.Attempts, Encoding.UTF8.GetString(due.Json.Span)));
        Assert.Equal(404, await PostAsync("/events/dlq/alert1:slack/retry"));
    }

    [Fact]
    public async Task TheCommandListsRetriesAndDrops()
    {
        _records.Add(Tests.Storage.RecordBatches.Of(7, new Tests.Storage.Row { Id = "e7" }));
        await AddAsync("engine:7", DeadLetterKinds.Engine, "The engine failed", "e7");
        await AddAsync("handler:1", DeadLetterKinds.Handler, "Handler \u001b[31m failed");

        var list = await RunAsync("list");
        var retry = await RunAsync("retry-all");
        var json = await RunAsync("list", "--json");
        var refused = await RunAsync("retry", "handler:1");
        var drop = await RunAsync("drop", "handler:1");
        var gone = await RunAsync("show", "handler:1");

        Assert.Equal((0, 2), (list.ExitCode, list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.DoesNotContain('\u001b', list.Output);
        Assert.Contains("Retried 1, failed 0.", retry.Output, StringComparison.Ordinal);
        Assert.Equal(["handler:1"], Ids(JsonSerializer.Deserialize<JsonElement>(json.Output)));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("cannot be tried again", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, drop.ExitCode);
        Assert.Contains("There is no dead letter", gone.Errors, StringComparison.Ordinal);
    }

    private Task AddAsync(string id, string kind, string reason, string? eventId = null) => _state.AddDeadLetterAsync(
        new DeadLetter(id, Now, reason, Encoding.UTF8.GetBytes("{\"n\":1}")) { Kind = kind, EventId = eventId }, Token);

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.ExecuteAsync(null, ["dlq", .. arguments, "--url", Url], Token);

    private async Task<JsonElement> GetAsync(string path) =>
        JsonSerializer.Deserialize<JsonElement>(await _http.GetStringAsync(new Uri(path, UriKind.Relative), Token));

    private async Task<int> PostAsync(string path) => (int)(await _http.PostAsync(new Uri(path, UriKind.Relative), null, Token)).StatusCode;

    private static IEnumerable<string> Ids(JsonElement list) =>
        list.GetProperty("dead_letters").EnumerateArray().Select(l => l.GetProperty("id").GetString()!);
}
