using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Culprit.Server.Backups;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Commands;

/// <summary><c>culprit backup</c> and <c>culprit restore</c>: the data folder to a copy of it, and back.</summary>
internal static class BackupCommand
{
    private const string DefaultData = "culprit-data";

    public static Command CreateBackup()
    {
        var target = new Argument<string>("FOLDER") { Description = "New folder for the backup." };
        var data = new Option<string>("--data") { Description = "Data folder; its server may be running.", DefaultValueFactory = _ => DefaultData };
        var json = ServerCall.JsonOption();
        var command = new Command("backup", "Copies the data folder, also while its server runs.") { target, data, json };
        command.SetAction((result, token) => RunAsync(
            "Backed up", result.GetValue(json),
            show => new DataBackup(result.GetRequiredValue(data), TimeProvider.System, show).WriteAsync(result.GetRequiredValue(target), token), token));
        return command;
    }

    public static Command CreateRestore()
    {
        var source = new Argument<string>("BACKUP") { Description = "Folder that `culprit backup` made." };
        var data = new Option<string>("--data") { Description = "Data folder to make; must be empty or missing.", DefaultValueFactory = _ => DefaultData };
        var json = ServerCall.JsonOption();
        var command = new Command("restore", "Makes a data folder of a backup; then start the server on it.") { source, data, json };
        command.SetAction((result, token) => RunAsync(
            "Restored", result.GetValue(json),
            show => DataRestore.RunAsync(result.GetRequiredValue(source), result.GetRequiredValue(data), show, token), token));
        return command;
    }

    private static async Task<int> RunAsync(
        string done, bool asJson, Func<Action<string>, Task<BackupManifest>> work, CancellationToken cancellationToken)
    {
        try
        {
            var files = 0;
            var manifest = await work(name =>
            {
                files++;
                if (!Console.IsErrorRedirected)
                {
                    Console.Error.Write($"\r{files} files, {name}                    ");
                }
            }).ConfigureAwait(false);
            if (!Console.IsErrorRedirected)
            {
                await Console.Error.WriteLineAsync().ConfigureAwait(false);
            }

            var bytes = manifest.Files.Sum(f => f.Bytes);
            await Console.Out.WriteLineAsync(asJson
                ? JsonSerializer.Serialize(new { files = manifest.Files.Count, bytes, started_at = manifest.StartedAt })
                : string.Create(CultureInfo.InvariantCulture, $"{done} {manifest.Files.Count} files, {bytes / 1e6:F1} MB, as of {manifest.StartedAt:u}."))
                .ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is BackupException or IOException or UnauthorizedAccessException or SqliteException)
        {
            await Console.Error.WriteLineAsync("culprit: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("culprit: stopped; what was copied so far is no backup and can be deleted.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}
