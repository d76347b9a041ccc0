using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Culprit.IntegrationTests.Support;

/// <summary>A PostgreSQL of its own on a free port, in a folder that is deleted afterwards, with an ordinary role for Culprit.</summary>
/// <remarks>It does not sync: no test cuts its power.</remarks>
internal sealed class PostgresServer : IAsyncDisposable
{
    public const string Role = "culprit";

    /// <summary>Has what must be escaped in a URL.</summary>
    public const string Password = "se cret/@:?#%";

    private const string Group = "postgres";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _binaries;
    private readonly string _folder;
    private Process? _process;
    private int _databases;

    private PostgresServer(string binaries, string folder, int port)
    {
        _binaries = binaries;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Makes and starts a server; skips the test where there is no PostgreSQL.</summary>
    /// <param name="version">One that <c>./test</c> fetches; null for that of the system.</param>
    public static async Task<PostgresServer> StartNewAsync(CancellationToken cancellationToken, int? version = null)
    {
        var source = version is null ? FindBinaries() : FindFetched(version.Value);
        var folder = Directory.CreateTempSubdirectory("culprit-postgres-").FullName;
        var server = new PostgresServer(version is null ? source : Path.Combine(folder, "native", "bin"), folder, FreePort.Next());
        try
        {
            if (version is not null)
            {
                // Its user may not look into where the repository is.
                await RunAsync("cp", "-a", source, Path.Combine(folder, "native"));
            }

            if (IsRoot)
            {
                await RunAsync("chown", "postgres", server._folder);
            }

            await RunAsync(server.AsItsUser("initdb", "-D", server.Data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"));
            await File.WriteAllTextAsync(
                Path.Combine(server.Data, "pg_hba.conf"),
                "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
                cancellationToken);
            await server.StartAsync(cancellationToken);
            await server.ExecuteAsync("postgres", $"CREATE ROLE {Role} LOGIN PASSWORD '{Password}'", cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A new database in which the ordinary role owns the schema and nothing else; its URL.</summary>
    public async Task<string> NewDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync("postgres", $"CREATE DATABASE {name} TEMPLATE template0", cancellationToken);
        await ExecuteAsync(name, $"CREATE SCHEMA culprit AUTHORIZATION {Role}", cancellationToken);
        return UrlOf(name);
    }

    public string UrlOf(string database, string parameters = "") => string.Create(
        CultureInfo.InvariantCulture, $"postgres://{Role}:{Uri.EscapeDataString(Password)}@127.0.0.1:{Port}/{database}{parameters}");

    /// <summary>Starts it, again after an end of whatever kind.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string[] command = AsItsUser(
            "postgres", "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=64MB",
            "-c", "log_min_messages=fatal", "-c", "max_wal_size=512MB");
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                await ExecuteAsync("postgres", "SELECT 1", limit.Token);
                return;
            }
            catch (NpgsqlException) when (!_process.HasExited)
            {
                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
    }

    /// <summary>Ends every session at once, without a checkpoint: what the next start finds is what a crash leaves.</summary>
    public async Task StopAtOnceAsync()
    {
        await SignalAsync("QUIT", [PostmasterId()]);
        await EndAsync();
    }

    /// <summary>SIGSTOP to all its processes: connections stay open and nothing answers.</summary>
    public Task FreezeAsync() => SignalAsync("STOP", [PostmasterId(), .. Children()]);

    /// <remarks>Whoever started it for its user has stopped with it.</remarks>
    public Task ThawAsync() => SignalAsync("CONT", [_process!.Id, PostmasterId(), .. Children()]);

    /// <summary>Ends the sessions of the ordinary role.</summary>
    public Task TerminateBackendsAsync(CancellationToken cancellationToken) => ExecuteAsync(
        "postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{Role}'", cancellationToken);

    /// <summary>As the superuser.</summary>
    public async Task<object?> ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Pooling=false;Timeout=5");
        await connection.OpenAsync(cancellationToken);
#pragma warning disable CA2100 // Of tests.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } && File.Exists(PidFile))
        {
            await ThawAsync();
            await StopAtOnceAsync();
        }

        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder, "data");

    private string PidFile => Path.Combine(Data, "postmaster.pid");

    private static string FindBinaries()
    {
        ExternalProgram.Require(Group, "psql"); // Debian's wrapper; the server's programs are not on the path.
        const string Versions = "/usr/lib/postgresql";
        var found = Directory.Exists(Versions)
            ? Directory.GetDirectories(Versions).Select(v => Path.Combine(v, "bin")).Where(b => File.Exists(Path.Combine(b, "initdb"))).Order().LastOrDefault()
            : null;
        if (found is null)
        {
            Assert.Skip("the PostgreSQL server is not installed (see tests/groups)");
        }

        return found;
    }

    /// <summary>A server of another version: programs, libraries and nothing else.</summary>
    private static string FindFetched(int version)
    {
        if (SourceFolder.Find() is { } root
            && Path.Combine(root, "artifacts", "npm-postgres", "node_modules", $"postgres-{version}", "native") is var native
            && File.Exists(Path.Combine(native, "bin", "initdb")))
        {
            return native;
        }

        Assert.Skip($"PostgreSQL {version} is not in artifacts/npm-postgres (./test installs it with npm, on Linux x64)");
        return "";
    }

    // PostgreSQL refuses to run as root.
    private string[] AsItsUser(string program, params string[] arguments)
    {
        string[] command = [Path.Combine(_binaries, program), .. arguments];
        return IsRoot ? ["runuser", "-u", "postgres", "--", .. command] : command;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == 0, $"{command[0]}: {errors}");
    }

    private static Task SignalAsync(string signal, IEnumerable<int> processes) =>
        RunAsync(["sh", "-c", $"kill -{signal} {string.Join(' ', processes)} 2>/dev/null || true"]);

    private int PostmasterId() => int.Parse(File.ReadLines(PidFile).First(), CultureInfo.InvariantCulture);

    private List<int> Children()
    {
        var parent = PostmasterId();
        var children = new List<int>();
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)
                    && File.ReadAllText(Path.Combine(folder, "stat")) is var stat
                    && int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) == parent)
                {
                    children.Add(id);
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return children;
    }

    private async Task EndAsync()
    {
        // Not until its output ends: a session that lives a little longer holds that open.
        using var limit = new CancellationTokenSource(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!_process!.HasExited)
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }

        _process.Dispose();
        _process = null;
    }
}
