using System.CommandLine;
using System.Text;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Configuration;
using Culprit.Server.Printing;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Commands;

/// <summary><c>culprit keys</c>: makes, lists and ends API keys in the store, whether or not its server runs.</summary>
/// <remarks>Whoever may write to the data folder may do all anyway, so the first key needs no other key. A running server knows of it within seconds.</remarks>
internal static class KeysCommand
{
    private const string Actor = "command line";

    private static readonly Option<string?> Data = new("--data") { Description = "Data folder; its server may be running (default: as configured, else culprit-data)." };
    private static readonly Option<string?> Config = new("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };
    private static readonly Option<string?> Store = ServeCommand.StoreOption();
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    public static Command Create() => new("keys", "API keys: who may send and read (docs/access.md).") { Make(), List(), Revoke() };

    private static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "What the key is for: a shipper, a person, a dashboard." };
        var scopes = Names("--scope", "ingest, read, respond or admin; may be given more than once.");
        scopes.Required = true;
        var environments = Names("--environment", "Only this environment; may be given more than once. Default: all.");
        var services = Names("--service", "Only this service may be written for, * for any characters; may be given more than once. Default: all.");
        var level = new Option<string?>("--minimum-level") { Description = "Log records below it are left out, such as info." };
        var sample = new Option<double?>("--sample") { Description = "Share of log records up to INFO that is kept, 0.0001 to 1." };
        var records = new Option<int?>("--records-per-second") { Description = "What it may send on average." };
        var bytes = new Option<long?>("--bytes-per-day") { Description = "What it may send a day (UTC), inflated." };
        var low = new Option<bool>("--low-priority") { Description = "Under pressure it is refused first." };
        var days = new Option<int?>("--expires-in-days") { Description = "Ends by itself then. Default: never." };
        var command = new Command("create", "Makes a key and shows its secret, once.")
        {
            name, scopes, environments, services, level, sample, records, bytes, low, days, Data, Store, Config, Json,
        };
        command.SetAction((result, token) => RunAsync(result, async store =>
        {
            var request = new KeyRequest(result.GetRequiredValue(name), result.GetValue(scopes) ?? [])
            {
                Environments = result.GetValue(environments) ?? [],
                Services = result.GetValue(services) ?? [],
                MinimumLevel = result.GetValue(level),
                Sample = result.GetValue(sample),
                RecordsPerSecond = result.GetValue(records),
                BytesPerDay = result.GetValue(bytes),
                LowPriority = result.GetValue(low),
                ExpiresInDays = result.GetValue(days),
            };
            var now = TimeProvider.System.GetUtcNow();
            var (key, secret) = request.Make(now);
            await store.AddAsync(key, token).ConfigureAwait(false);
            await store.AuditAsync(new AuditEntry(now, Actor, "keys create", key.Id), token).ConfigureAwait(false);
            if (result.GetValue(Json))
            {
                await Console.Out.WriteLineAsync(Encoding.UTF8.GetString(KeyJson.Render(key, secret, now))).ConfigureAwait(false);
                return ExitCodes.Success;
            }

            await Console.Error.WriteLineAsync($"Key {key.Id} for {TerminalText.Visible(key.Name)}, scopes {string.Join(", ", KeyWords.ToWords(key.Scopes))}. It is not shown again:").ConfigureAwait(false);
            await Console.Out.WriteLineAsync(secret).ConfigureAwait(false);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists keys, without their secrets.") { Data, Store, Config, Json };
        command.SetAction((result, token) => RunAsync(result, async store =>
        {
            var keys = await store.AllAsync(token).ConfigureAwait(false);
            var now = TimeProvider.System.GetUtcNow();
            if (result.GetValue(Json))
            {
                await Console.Out.WriteLineAsync(Encoding.UTF8.GetString(KeyJson.Render(keys, now))).ConfigureAwait(false);
                return ExitCodes.Success;
            }

            foreach (var key in keys)
            {
                var only = string.Join(' ', key.Environments.Concat(key.Services).Select(TerminalText.Visible));
                await Console.Out.WriteLineAsync(
                    $"{key.Id}  {KeyWords.StateOf(key, now),-7}  {string.Join('+', KeyWords.ToWords(key.Scopes)),-17}  {key.CreatedAt:yyyy-MM-dd}  {TerminalText.Visible(key.Name)}{(only.Length > 0 ? "  only " + only : "")}").ConfigureAwait(false);
            }

            if (keys.Count == 0)
            {
                await Console.Out.WriteLineAsync("No keys.").ConfigureAwait(false);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "Id of the key, as `keys list` shows it." };
        var command = new Command("revoke", "Ends a key for good.") { id, Data, Store, Config };
        command.SetAction((result, token) => RunAsync(result, async store =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var name = result.GetRequiredValue(id);
            if (!await store.RevokeAsync(name, now, token).ConfigureAwait(false))
            {
                await Console.Error.WriteLineAsync($"culprit: there is no key {TerminalText.Visible(name)}.").ConfigureAwait(false);
                return ExitCodes.Failure;
            }

            await store.AuditAsync(new AuditEntry(now, Actor, "keys revoke", name), token).ConfigureAwait(false);
            await Console.Out.WriteLineAsync("Revoked.").ConfigureAwait(false);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Option<string[]> Names(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = false };

    private static async Task<int> RunAsync(ParseResult result, Func<IKeyStore, Task<int>> work)
    {
        if (Settings.Load(new ServerArguments(null, result.GetValue(Data), result.GetValue(Config), result.GetValue(Store)), Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        try
        {
            if (StoreUrl.TryParse(settings.Options.Store, out var url))
            {
                await using var remote = await PostgresDatabase.OpenAsync(url, CancellationToken.None).ConfigureAwait(false);
                return await work(new PostgresKeyStore(remote)).ConfigureAwait(false);
            }

            using var database = StateDatabase.Open(settings.Options.Data);
            return await work(new EmbeddedKeyStore(database)).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync("culprit: " + e.Message).ConfigureAwait(false);
            return ExitCodes.BadUsage;
        }
        catch (Exception e) when (e is StateDatabaseException or StoreRefusedException or StoreUnavailableException or SqliteException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("culprit: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}
