using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Culprit.IntegrationTests.Alerting;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>Two servers on one database, one that receives their alerts, and what is sent to them.</summary>
internal sealed class ServerPair : IAsyncDisposable
{
    /// <summary>Within this the other server must have taken over.</summary>
    public static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TempFolder[] _folders = [new(), new()];
    private readonly TempFolder _outside = new();
    private string _url = string.Empty;
    private CancellationTokenSource? _stop;
    private Task _sending = Task.CompletedTask;

    private ServerPair()
    {
    }

    public PostgresServer Database { get; private set; } = null!;

    public Receiver Receiver { get; private set; } = null!;

    /// <summary>Both; a place has a new one after a restart.</summary>
    public ServerProcess[] Servers { get; } = new ServerProcess[2];

    public AckJournal Acks { get; private set; } = null!;

    public LoadDriver Driver { get; private set; } = null!;

    /// <summary>Starts the first server, and the second when that one is active.</summary>
    /// <param name="points">Fault points of the two.</param>
    public static async Task<ServerPair> StartAsync(int seed, CancellationToken cancellationToken, params string?[] points)
    {
        var pair = new ServerPair
        {
            Database = await PostgresServer.StartNewAsync(cancellationToken),
            Receiver = await Receiver.StartAsync(_ => new Reply(204), cancellationToken),
        };
        try
        {
            pair._url = await pair.Database.NewDatabaseAsync(cancellationToken);
            pair.Acks = new AckJournal(Path.Combine(pair._outside.Path, "acks"));
            pair.Driver = new LoadDriver(seed, pair.Acks, batchSize: 20);
            for (var i = 0; i < 2; i++)
            {
                await pair.RestartAsync(i, cancellationToken, points.ElementAtOrDefault(i));
                await pair.ActiveWithinAsync(0, Patience, cancellationToken);
            }

            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <param name="point">Where the new life ends.</param>
    public async Task RestartAsync(int index, CancellationToken cancellationToken, string? point = null)
    {
        if (Servers[index] is { } former)
        {
            await former.DisposeAsync();
        }

        var config = Path.Combine(_outside.Path, "culprit.yaml");
        await File.WriteAllTextAsync(
            config,
            $$"""
            highAvailability: true
            alerts:
              sinks:
                hook: { type: webhook, url: "{{Receiver.Url}}", allowLoopback: true, signingSecrets: [whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=] }
              routes:
                - sinks: [hook]
            """,
            cancellationToken);
        var environment = new Dictionary<string, string> { ["CULPRIT_STORE"] = _url };
        if (point is not null)
        {
            environment["FAULT_POINT"] = point;
        }

        Servers[index] = await ServerProcess.StartAsync(_folders[index].Path, cancellationToken, environment, "--config", config);
    }

    /// <summary>Waits until a server is active; how long that took.</summary>
    public Task<TimeSpan> ActiveWithinAsync(int index, TimeSpan limit, CancellationToken cancellationToken) => Wait.UntilAsync(
        $"server {index} is active\n{string.Join("\n---\n", Servers.Select(s => s?.Output))}",
        limit,
        async () => (await Servers[index].GetAsync("/health", cancellationToken)).GetProperty("role").GetString() == "active",
        cancellationToken);

    /// <summary>SIGSTOP: connections stay open and nothing answers.</summary>
    public void Freeze(int index) => Signal(index, "-STOP");

    public void Thaw(int index) => Signal(index, "-CONT");

    public async Task AcknowledgeMoreAsync(int count, CancellationToken cancellationToken)
    {
        var before = Driver.Acknowledged;
        await Wait.UntilAsync($"{count} more events are acknowledged", Patience, () => Task.FromResult(Driver.Acknowledged >= before + count), cancellationToken);
    }

    /// <summary>Senders to both, until <see cref="EndSendingAsync"/>.</summary>
    public void BeginSending()
    {
        _stop = new CancellationTokenSource();
        _sending = Driver.SendToAnyAsync(Servers, _stop.Token);
    }

    public async Task EndSendingAsync()
    {
        await _stop!.CancelAsync();
        await _sending;
        _stop.Dispose();
        _stop = null;
    }

    /// <summary>Waits until everything that both have acknowledged went through the engine of one.</summary>
    public Task SettleAsync(int active, CancellationToken cancellationToken) => Wait.UntilAsync(
        "the engine has seen it all",
        Patience,
        async () =>
        {
            foreach (var server in Servers)
            {
                if (Of(await ComponentsAsync(server, cancellationToken), "high_availability", "unshipped") > 0)
                {
                    return false;
                }
            }

            var components = await ComponentsAsync(Servers[active], cancellationToken);
            return Of(components, "engine", "sequence") >= await LogEndAsync(cancellationToken)
                && components.GetProperty("database").GetProperty("status").GetString() == "ok";
        },
        cancellationToken);

    /// <summary>The number of the lease's holder, which grows with every take-over.</summary>
    public async Task<long> EpochAsync(CancellationToken cancellationToken) =>
        (long)(await Database.ExecuteAsync("test1", "SELECT epoch FROM culprit.lease", cancellationToken))!;

    /// <summary>Ids of the alerts of a type that arrived at the receiver; each once, however often it came.</summary>
    public HashSet<string> Alerted(string type) => [.. Receiver.Arrivals
        .Select(a => JsonDocument.Parse(a.Body).RootElement)
        .Where(a => a.GetProperty("type").GetString() == type)
        .Select(a => a.GetProperty("id").GetString()!)];

    public async ValueTask DisposeAsync()
    {
        _stop?.Cancel();
        _stop?.Dispose();
        foreach (var server in Servers.OfType<ServerProcess>())
        {
            await server.DisposeAsync();
        }

        await Database.DisposeAsync();
        await Receiver.DisposeAsync();
        Acks?.Dispose();
        _outside.Dispose();
        foreach (var folder in _folders)
        {
            folder.Dispose();
        }
    }

    private static async Task<JsonElement> ComponentsAsync(ServerProcess server, CancellationToken cancellationToken) =>
        (await server.GetAsync("/health/detailed", cancellationToken)).GetProperty("components");

    private static long Of(JsonElement components, string component, string number) => components.GetProperty(component).GetProperty(number).GetInt64();

    // Of records, not of the ticks that go on coming.
    private async Task<long> LogEndAsync(CancellationToken cancellationToken) =>
        (long)(await Database.ExecuteAsync("test1", "SELECT last FROM culprit.shared_log_head", cancellationToken))! - 2;

    private void Signal(int index, string signal)
    {
        using var kill = Process.Start("kill", [signal, Servers[index].Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
