using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Culprit.IntegrationTests.Support;

/// <summary>The real binary in a process of its own, on a free port, with a data folder that outlives it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        Http = null!;
    }

    public HttpClient Http { get; private set; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Of a server that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts the server and waits until it says where it listens.</summary>
    /// <param name="environment">Additional environment variables.</param>
    public static async Task<ServerProcess> StartAsync(
        string dataFolder, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null, params string[] arguments)
    {
        var server = Launch(dataFolder, [], environment, arguments);
        try
        {
            await server.ListenAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process and waits for nothing.</summary>
    /// <param name="wrapper">A program and its arguments that runs the server in its own process, such as a tracer.</param>
    public static ServerProcess Launch(
        string dataFolder, string[] wrapper, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        string[] urls = arguments.Contains("--urls") ? [] : ["--urls", "http://127.0.0.1:0"];
        string[] command = [.. wrapper, "dotnet", BinaryPath, "serve", .. urls, "--data", dataFolder, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = dataFolder,
        };
        // Servers of tests run side by side: only those that test OTLP's addresses have them.
        start.Environment["CULPRIT_otlp__grpcUrl"] = "none";
        start.Environment["CULPRIT_otlp__httpUrl"] = "none";
        // What the tests' own environment says of a collector is not for them.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        server._process.OutputDataReceived += (_, line) => server.Read(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Read(line.Data);
        server._process.EnableRaisingEvents = true;
        server._process.Exited += (_, _) => server._listening.TrySetException(new InvalidOperationException("The server ended: " + server.Output));
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Waits until the server says where it listens; an <see cref="InvalidOperationException"/> when it ends before.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        var url = await _listening.Task.WaitAsync(Patience, cancellationToken);
        Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = url, Timeout = Patience };
    }

    /// <summary>True when the process ends by itself within the time.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(limit, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, CancellationToken.None);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Terminate();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, CancellationToken.None);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, without waiting for what it does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
    }

    /// <summary>Posts a body to <c>/events</c>; the answer's status and JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Json)> PostAsync(string body, string mediaType, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        using var response = await Http.PostAsync(new Uri("/events", UriKind.Relative), content, cancellationToken);
        return (response.StatusCode, Parse(await response.Content.ReadAsStringAsync(cancellationToken)));
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        Parse(await Http.GetStringAsync(new Uri(path, UriKind.Relative), cancellationToken));

    /// <summary>Asks again until the events of a query satisfy the condition.</summary>
    public async Task<IReadOnlyList<JsonElement>> WaitForEventsAsync(
        string query, Func<IReadOnlyList<JsonElement>, bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        IReadOnlyList<JsonElement> events = [];
        try
        {
            while (true)
            {
                events = [.. (await GetAsync("/events?" + query, limit.Token)).GetProperty("events").EnumerateArray()];
                if (condition(events))
                {
                    return events;
                }

                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{query}: not met by {events.Count} events within {Patience}: {string.Join('\n', events)}\n{Output}");
        }
    }

    /// <summary>Waits until the server has printed the text.</summary>
    public async Task WaitForOutputAsync(string text, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static string BinaryPath { get; } = Path.Combine(AppContext.BaseDirectory, "culprit.dll");

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (ListensOn().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"^Culprit listens on (http://\S+?);")]
    private static partial Regex ListensOn();
}
