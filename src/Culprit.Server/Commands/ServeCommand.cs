using System.CommandLine;
using System.Net.Sockets;
using Culprit.Engine.Storage;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Culprit.Server.Ingestion;
using Culprit.Server.Ingestion.Otlp;
using Culprit.Server.Journal;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Commands;

/// <summary><c>culprit serve</c>: runs until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Takes events, finds incidents and explains them, until stopped (the default).");
        AddTo(command);
        return command;
    }

    /// <summary>Gives a command the options and the action of serving.</summary>
    public static void AddTo(Command command)
    {
        var urls = new Option<string?>("--urls") { Description = "Addresses to listen on, separated by semicolons (default http://127.0.0.1:8000)." };
        var data = new Option<string?>("--data") { Description = "Folder of journal, records and state (default culprit-data)." };
        var store = StoreOption();
        var config = new Option<string?>("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };
        command.Options.Add(urls);
        command.Options.Add(data);
        command.Options.Add(store);
        command.Options.Add(config);
        command.SetAction((result, cancellationToken) => RunAsync(
            new ServerArguments(result.GetValue(urls), result.GetValue(data), result.GetValue(config), result.GetValue(store)), cancellationToken));
    }

    /// <summary>The option that names a database.</summary>
    public static Option<string?> StoreOption() => new("--store")
    {
        Description = "Database for records and state, postgres://USER@HOST/DATABASE (default: embedded, in the data folder). A password is better in CULPRIT_STORE or PGPASSWORD: others see command lines.",
    };

    /// <summary>Says what somebody who opens the server to others should know.</summary>
    private static async Task WarnAsync(WebApplication app)
    {
        var isOpen = app.Urls.Any(u => !ListenAddresses.IsLoopback(u));
        if (isOpen && (await app.Services.GetRequiredService<IKeyStore>().AllAsync(CancellationToken.None).ConfigureAwait(false)).Count == 0)
        {
            await Console.Error.WriteLineAsync("culprit: every request needs an API key here, and there is none yet: `culprit keys create NAME --scope admin` makes one (docs/access.md).").ConfigureAwait(false);
        }

        if (app.Urls.Any(u => !ListenAddresses.IsLoopback(u) && u.StartsWith("http://", StringComparison.Ordinal)))
        {
            await Console.Error.WriteLineAsync("culprit: without TLS, keys and logs can be read on the way: use https:// (docs/access.md), or a proxy that does.").ConfigureAwait(false);
        }
    }

    private static async Task<int> RunAsync(ServerArguments arguments, CancellationToken cancellationToken)
    {
        if (Settings.Load(arguments, Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        var analyst = settings.Options.Analyst;
        if (ChatClients.Obstacle(analyst, Environment.GetEnvironmentVariable(analyst.KeyName)) is { } obstacle)
        {
            await Console.Error.WriteLineAsync("culprit: cannot start: " + obstacle).ConfigureAwait(false);
            return ExitCodes.Failure;
        }

        try
        {
            await using var app = await CulpritServer.BuildAsync(settings, quiet: false, cancellationToken).ConfigureAwait(false);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            var otlp = app.Services.GetRequiredService<OtlpListeners>();
            foreach (var url in app.Urls.Except(otlp.Urls))
            {
                await Console.Out.WriteLineAsync($"Culprit listens on {url}; data in {Path.GetFullPath(settings.Options.Data)}").ConfigureAwait(false);
            }

            await Console.Out.WriteLineAsync($"It takes: {SenderAddresses.Line} (docs/ingest.md)").ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"OTLP also: gRPC at {otlp.GrpcUrl ?? "none"}; HTTP at {otlp.HttpUrl ?? "none"}").ConfigureAwait(false);
            await WarnAsync(app).ConfigureAwait(false);
            await app.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            return app.Services.GetRequiredService<StopReason>().IsFailure ? ExitCodes.Failure : ExitCodes.Success;
        }
        catch (Exception e) when (e is JournalOpenException or StateDatabaseException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException
            or SocketException or SqliteException)
        {
            // The operator's to mend: a folder that is in use or not writable, a port that is taken, data of a newer version.
            await Console.Error.WriteLineAsync("culprit: cannot start: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
    }
}

/// <summary>What the command line says about the server; null where it says nothing.</summary>
internal sealed record ServerArguments(string? Urls, string? Data, string? Config, string? Store = null);
