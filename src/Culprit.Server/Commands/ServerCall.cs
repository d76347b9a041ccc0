using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary>How a command talks to a running server, and what it says when that fails.</summary>
internal static class ServerCall
{
    public static Option<string> UrlOption()
    {
        var url = new Option<string>("--url") { Description = "Address of the running server.", DefaultValueFactory = _ => "http://127.0.0.1:8000" };
        url.Validators.Add(result =>
        {
            var text = result.GetValueOrDefault<string>();
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                result.AddError($"--url '{TerminalText.Visible(text)}' is not an address like http://127.0.0.1:8000.");
            }
        });
        return url;
    }

    public static Option<bool> JsonOption() => new("--json") { Description = "Print the server's answer as JSON." };

    /// <summary>The key that calls are made with, of the environment variable <c>CULPRIT_KEY</c>; null for none.</summary>
    public static string? Key => Environment.GetEnvironmentVariable("CULPRIT_KEY") is { Length: > 0 } key ? key : null;

    /// <summary>A client without a timeout, with the caller's key.</summary>
    public static HttpClient CreateClient()
    {
        // A retry of all takes as long as it takes, and Ctrl-C ends it.
        var client = new HttpClient(new SocketsHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = Key is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
        return client;
    }

    /// <summary>Where a path of the server is when its address is that of a proxy and has a path itself.</summary>
    public static Uri Address(string url, string path) => new(url.TrimEnd('/') + path);

    /// <summary>Sends, and hands over the body of a success; an error goes to standard error in words.</summary>
    public static Task<int> RunAsync(string url, HttpMethod method, string path, Action<string> show, CancellationToken cancellationToken) =>
        RunAsync(url, method, path, null, show, cancellationToken);

    /// <param name="content">What is sent along; null sends nothing.</param>
    public static async Task<int> RunAsync(
        string url, HttpMethod method, string path, HttpContent? content, Action<string> show, CancellationToken cancellationToken)
    {
        try
        {
            using var client = CreateClient();
            using var request = new HttpRequestMessage(method, Address(url, path)) { Content = content };
            using var response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return await FailAsync(response, cancellationToken).ConfigureAwait(false);
            }

            show(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            return ExitCodes.Success;
        }
        catch (HttpRequestException e)
        {
            return await UnreachableAsync(url, e).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Failure;
        }
    }

    /// <summary>Says that the server cannot be reached, and the innermost reason.</summary>
    public static async Task<int> UnreachableAsync(string url, Exception reason)
    {
        await Console.Error.WriteLineAsync($"culprit: {url} cannot be reached: {reason.GetBaseException().Message}").ConfigureAwait(false);
        return ExitCodes.Failure;
    }

    /// <summary>Says what the server has against it.</summary>
    public static async Task<int> FailAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        await Console.Error.WriteLineAsync($"culprit: {Detail(body) ?? $"the server answered {(int)response.StatusCode}"}").ConfigureAwait(false);
        return ExitCodes.Failure;
    }

    /// <summary>What a problem body says; null when it is none.</summary>
    private static string? Detail(string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail)
                ? TerminalText.Visible(detail.GetString())
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
