using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Culprit.Server.Detection;
using Culprit.Server.Health;
using Culprit.Server.Http;
using Culprit.Server.Ingestion;
using Culprit.Server.Ingestion.Changes;
using Culprit.Server.Ingestion.Otlp;
using Culprit.Server.Journal;
using Culprit.Server.Querying;
using Culprit.Server.RootCause;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.Support;

/// <summary>The HTTP routes on a real Kestrel and a free port, over stores in memory. The clock stands at 2026-11-23T05:00:00Z.</summary>
internal sealed class HttpFace : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;

    private HttpFace(WebApplication app, InMemoryRecordStore records)
    {
        _app = app;
        Records = records;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public InMemoryRecordStore Records { get; }

    public InMemoryJournal Journal => (InMemoryJournal)_app.Services.GetRequiredService<IJournal>();

    public InMemoryStateStore State => (InMemoryStateStore)_app.Services.GetRequiredService<IStateStore>();

    public FakeTimeProvider Clock => (FakeTimeProvider)_app.Services.GetRequiredService<TimeProvider>();

    public IServiceProvider Services => _app.Services;

    public EventHub Hub => _app.Services.GetRequiredService<EventHub>();

    public static async Task<HttpFace> StartAsync(Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var records = new InMemoryRecordStore();
        builder.Services.AddSingleton(new Settings(new CulpritOptions()));
        builder.Services.AddSingleton<IRecordStore>(records);
        builder.Services.AddSingleton<IJournal>(new InMemoryJournal(records));
        builder.Services.AddSingleton<IStateStore, InMemoryStateStore>();
        builder.Services.AddSingleton<IFeedbackStore, InMemoryFeedbackStore>();
        builder.Services.AddSingleton<EngineProgress>();
        builder.Services.AddSingleton(OtlpListeners.None);
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now));
        builder.AddIngestion().AddQuerying().AddHealth();

        // The shortest time that Kestrel allows before it judges how fast a body comes.
        builder.WebHost.ConfigureKestrel(k => k.Limits.MinRequestBodyDataRate = new MinDataRate(1000, TimeSpan.FromSeconds(1.1)));
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseHttpRules();
        app.MapIngestion();
        app.MapShippers();
        app.MapChanges();
        app.MapQuerying();
        app.MapDiagnose();
        app.MapAsk();
        app.MapHealth();
        await app.StartAsync();
        return new HttpFace(app, records);
    }

    public Task<Answer> PostAsync(string body, string? type = "application/json", string? encoding = null, string? key = null) =>
        PostAsync(Encoding.UTF8.GetBytes(body), type, encoding, key);

    public Task<Answer> PostAsync(byte[] body, string? type = "application/json", string? encoding = null, string? key = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        var request = new HttpRequestMessage(HttpMethod.Post, "/events") { Content = content };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return SendAsync(request);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Client.SendAsync(request, Xunit.TestContext.Current.CancellationToken);
            return await Answer.ReadAsync(response);
        }
    }

    /// <summary>Follows next_cursor to the end.</summary>
    public async Task<List<JsonNode>> GetAllAsync(string query, int maxPages = 100)
    {
        var all = new List<JsonNode>();
        string? cursor = null;
        for (var page = 0; page < maxPages; page++)
        {
            var answer = await GetAsync("/events?" + query + (cursor is null ? "" : "&cursor=" + cursor));
            Xunit.Assert.Equal(200, answer.Status);
            all.AddRange(answer.Json["events"]!.AsArray().Select(e => e!));
            cursor = (string?)answer.Json["next_cursor"];
            if (cursor is null)
            {
                return all;
            }
        }

        throw new InvalidOperationException("The paging does not end.");
    }

    /// <summary>A derived event some seconds after the clock's time.</summary>
    public static DerivedEvent Derived(
        string id, string type, double atSeconds, string? correlationId = null, string? causationId = null, string extra = "")
    {
        var json = $$"""{"id":"{{id}}","type":"{{type}}","service":"api"{{extra}}}""";
        return new DerivedEvent(
            id, type, UnixNanos.From(Now.AddSeconds(atSeconds)), "default", "api", correlationId, causationId, Encoding.UTF8.GetBytes(json));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>A response, read whole.</summary>
internal sealed record Answer(int Status, string Text, string? ContentType, HttpResponseHeaders Headers)
{
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new JsonException("null");

    /// <summary>The machine-readable part of a problem's type.</summary>
    public string? Code => ContentType == "application/problem+json" ? ((string?)Json["type"])?.Replace("urn:culprit:problem:", "", StringComparison.Ordinal) : null;

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType, response.Headers);
}
