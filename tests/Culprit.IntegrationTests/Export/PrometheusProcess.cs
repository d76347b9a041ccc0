using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary>Debian's Prometheus on a free port of this machine, with a configuration and a folder of its own.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly HttpClient _http;
    private readonly StringBuilder _output = new();

    private PrometheusProcess(Process process, int port)
    {
        _process = process;
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"), Timeout = Patience };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static PrometheusProcess Start(string program, string folder, string configuration)
    {
        var config = Path.Combine(folder, "prometheus.yml");
        File.WriteAllText(config, configuration);
        var port = FreePort.Next();
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in (string[])
        [
            "--config.file=" + config,
            "--storage.tsdb.path=" + Path.Combine(folder, "tsdb"),
            "--web.listen-address=127.0.0.1:" + port.ToString(CultureInfo.InvariantCulture),
            "--log.level=warn",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        return new PrometheusProcess(Process.Start(start)!, port);
    }

    /// <summary>The status of an instant query, and its results as labels and value.</summary>
    public async Task<(string Status, IReadOnlyList<Series> Result)> QueryAsync(string expression, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri("/api/v1/query?query=" + Uri.EscapeDataString(expression), UriKind.Relative), cancellationToken);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        var status = json.RootElement.GetProperty("status").GetString()!;
        return (status, status != "success" ? [] :
        [
            .. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(r => new Series(
                expression,
                r.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal),
                double.Parse(r.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))),
        ]);
    }

    /// <summary>Asks until the results satisfy the condition.</summary>
    public async Task<IReadOnlyList<Series>> WaitForAsync(
        string expression, Func<IReadOnlyList<Series>, bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var last = "";
        try
        {
            while (true)
            {
                try
                {
                    var (status, result) = await QueryAsync(expression, limit.Token);
                    if (status == "success" && condition(result))
                    {
                        return result;
                    }

                    last = $"{status}: {string.Join('\n', result)}";
                }
                catch (Exception e) when (e is HttpRequestException or JsonException)
                {
                    last = e.Message; // Not up yet.
                }

                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{expression}: not met within {Patience}: {last}\n{Output()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }
}
