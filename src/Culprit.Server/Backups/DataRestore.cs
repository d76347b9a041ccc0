using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Backups;

/// <summary>Makes a data folder of a backup, after checking every file of it.</summary>
internal static class DataRestore
{
    /// <param name="data">Must be empty or missing.</param>
    /// <exception cref="BackupException">The backup is not whole, or the folder holds something.</exception>
    public static async Task<BackupManifest> RunAsync(string backup, string data, Action<string> progress, CancellationToken cancellationToken)
    {
        var manifest = await BackupManifest.ReadAsync(backup, cancellationToken).ConfigureAwait(false);
        if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
        {
            throw new BackupException($"{Path.GetFullPath(data)} is not empty; restore into a new folder.");
        }

        foreach (var folder in (string[])[DataBackup.Segments, DataBackup.Journal])
        {
            Directory.CreateDirectory(Path.Combine(data, folder));
        }

        // The state comes last: a folder without it was not restored to its end, and holds nothing that a server would take for its own.
        foreach (var file in manifest.Files.OrderBy(f => f.Path == DataBackup.StateFile))
        {
            progress(file.Path);
            var source = Path.Combine(backup, file.Path);
            if (!File.Exists(source))
            {
                throw new BackupException($"{source} is missing.");
            }

            await using var stream = FileCopy.Open(source);
            var copied = await FileCopy.ToAsync(stream, Path.Combine(data, file.Path), file.Path, cancellationToken).ConfigureAwait(false);
            if (copied != file)
            {
                throw new BackupException($"{source} is damaged: it is not what was backed up.");
            }
        }

        DurableFile.SyncFolder(data);
        return manifest;
    }
}
