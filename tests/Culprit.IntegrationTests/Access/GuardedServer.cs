using System.Net;
using System.Net.Http.Headers;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server;
using Culprit.Server.Access;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Culprit.IntegrationTests.Access;

/// <summary>The whole server in this process, on loopback, but asking for keys as it does beyond.</summary>
internal sealed class GuardedServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private GuardedServer()
    {
    }

    public string Folder => _folder.Path;

    public WebApplication App { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    public IKeyStore Keys => App.Services.GetRequiredService<IKeyStore>();

    public static async Task<GuardedServer> StartAsync(Action<CulpritOptions>? configure = null, AlertSettings? alerts = null)
    {
        var server = new GuardedServer();
        var options = new CulpritOptions { Data = server._folder.Path, Urls = "http://127.0.0.1:0", Access = new AccessSection { Required = "always" } };
        options.Otlp.GrpcUrl = options.Otlp.HttpUrl = "none";
        configure?.Invoke(options);
        server.App = await CulpritServer.BuildAsync(new Settings(options) { Alerts = alerts ?? AlertSettings.None }, quiet: true, TestContext.Current.CancellationToken);
        await server.App.StartAsync(TestContext.Current.CancellationToken);
        server.Address = new Uri(server.App.Urls.First());
        return server;
    }

    /// <summary>Makes a key and returns its secret, which the server knows at once.</summary>
    public async Task<string> MakeKeyAsync(KeyRequest request)
    {
        var (key, secret) = request.Make(TimeProvider.System.GetUtcNow());
        await Keys.AddAsync(key, TestContext.Current.CancellationToken);
        await App.Services.GetRequiredService<KeyRing>().ReloadAsync(TestContext.Current.CancellationToken);
        return secret;
    }

    public Task<string> MakeKeyAsync(params string[] scopes) => MakeKeyAsync(new KeyRequest(string.Join(' ', scopes), scopes));

    /// <param name="key">Sent as bearer token; null for none.</param>
    public HttpClient CreateClient(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>The status of one request, that of gRPC as the HTTP status which means the same; the body of an endless answer is not waited for.</summary>
    public async Task<HttpStatusCode> StatusAsync(string method, string path, string? key)
    {
        using var client = CreateClient(key);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PUT")
        {
            request.Content = new ByteArrayContent([]);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var rpc = response.Headers.TryGetValues("grpc-status", out var values) ? values.First() : null;
        return rpc switch
        {
            "16" => HttpStatusCode.Unauthorized,
            "7" => HttpStatusCode.Forbidden,
            _ => response.StatusCode,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
