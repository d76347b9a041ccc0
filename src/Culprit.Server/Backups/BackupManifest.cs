using System.Text.Json;
using Culprit.Server.Printing;

namespace Culprit.Server.Backups;

/// <summary>One file of a backup: its path below the backup's folder, with forward slashes, its size, and the XXH128 of its content.</summary>
internal sealed record BackupFile(string Path, long Bytes, string Hash);

/// <summary>What a backup holds. Written last: a folder without it is no backup.</summary>
internal sealed record BackupManifest(int Version, DateTimeOffset StartedAt, IReadOnlyList<BackupFile> Files)
{
    public const string FileName = "backup.json";
    public const int NewestVersion = 1;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public Task WriteAsync(string folder, CancellationToken cancellationToken) =>
        File.WriteAllBytesAsync(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, Json), cancellationToken);

    /// <exception cref="BackupException">It is missing, damaged, or of a newer version.</exception>
    public static async Task<BackupManifest> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new BackupException($"{folder} is no finished backup: it has no {FileName}.");
        }

        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false), Json);
            return manifest switch
            {
                null or { Files: null } => throw new BackupException($"{path} is damaged."),
                { Version: > NewestVersion } => throw new BackupException(
                    $"{path} has version {manifest.Version}, this Culprit knows versions up to {NewestVersion}: restore with the Culprit that wrote it."),
                _ when manifest.Files.FirstOrDefault(f => !IsOurs(f.Path)) is { } foreign => throw new BackupException(
                    $"{path} names a file that no backup has: {TerminalText.Visible(foreign.Path)}."),
                _ => manifest,
            };
        }
        catch (JsonException e)
        {
            throw new BackupException($"{path} is damaged: {e.Message}");
        }
    }

    // A manifest is input: its names must not lead out of the folder.
    private static bool IsOurs(string path) =>
        path == DataBackup.StateFile
        || (path.Split('/') is [DataBackup.Segments or DataBackup.Journal, var name] && name.Length > 0 && name[0] != '.' && Path.GetFileName(name) == name);
}

/// <summary>A backup cannot be made or restored; the message tells the operator why.</summary>
internal sealed class BackupException(string message) : Exception(message);
