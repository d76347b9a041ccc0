using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Culprit.Server.Configuration;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Moving;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.Commands;

/// <summary><c>culprit migrate</c>: brings a database to this version's schema, or moves the embedded stores to it.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var store = ServeCommand.StoreOption();
        var from = new Option<string?>("--from") { Description = "Move the records and the state from here: embedded." };
        var to = new Option<string?>("--to") { Description = "Where to, postgres://USER@HOST/DATABASE (default: the configured store)." };
        var data = new Option<string?>("--data") { Description = "Data folder whose stores are moved (default culprit-data); no server may run on it." };
        var config = new Option<string?>("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };
        var json = ServerCall.JsonOption();
        from.AcceptOnlyFromAmong(CulpritOptions.EmbeddedStore);
        var command = new Command("migrate", "Brings a database to this version's schema; with --from embedded, moves the stores of a data folder to it.")
        {
            store, from, to, data, config, json,
        };
        command.SetAction((result, token) => RunAsync(
            new ServerArguments(null, result.GetValue(data), result.GetValue(config), result.GetValue(to) ?? result.GetValue(store)),
            result.GetValue(from) is not null,
            result.GetValue(json),
            token));
        return command;
    }

    private static async Task<int> RunAsync(ServerArguments arguments, bool isMove, bool asJson, CancellationToken cancellationToken)
    {
        if (Settings.Load(arguments, Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        if (!StoreUrl.TryParse(settings.Options.Store, out var url))
        {
            await Console.Error.WriteLineAsync("culprit: there is no database: name one with --store, --to, CULPRIT_STORE or the key store.").ConfigureAwait(false);
            return ExitCodes.BadUsage;
        }

        try
        {
            await using var database = await PostgresDatabase.OpenAsync(url, cancellationToken).ConfigureAwait(false);
            if (isMove)
            {
                await using var lease = await PostgresLease.AcquireAsync(database, "culprit migrate", TimeProvider.System, cancellationToken).ConfigureAwait(false);
                await MoveAsync(settings.Options.Data, database, asJson, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await Console.Out.WriteLineAsync(asJson
                    ? JsonSerializer.Serialize(new { schema_version = PostgresMigrations.Newest })
                    : string.Create(CultureInfo.InvariantCulture, $"{url.Name} has schema version {PostgresMigrations.Newest}.")).ConfigureAwait(false);
            }

            return ExitCodes.Success;
        }
        catch (Exception e) when (e is StoreMoveException or StoreRefusedException or StoreUnavailableException or StoreFencedException
            or StateDatabaseException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("culprit: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("culprit: stopped; the same command goes on where it was.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    private static async Task MoveAsync(string data, PostgresDatabase database, bool asJson, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error));
        var start = TimeProvider.System.GetTimestamp();
        var move = new StoreMove(data, database, loggers, done =>
        {
            var rate = done.Records / Math.Max(0.001, TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Segments} of {done.OfSegments} segments, {done.Records} of {done.OfRecords} records, {rate:F0} records/s"));
        });
        var moved = await move.RunAsync(cancellationToken).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(asJson
            ? JsonSerializer.Serialize(new { segments = moved.Segments, records = moved.Records, verified = true })
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Moved {moved.Records} records of {moved.Segments} segments and the state to {database.Url.Name}; counts and checksums agree. "
                + $"Start the server on the same data folder with this store: it has the journal. Delete state.db and segments/ there when all is well."))
            .ConfigureAwait(false);
    }
}
