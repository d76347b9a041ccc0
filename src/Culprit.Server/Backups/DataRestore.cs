using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Backups;

/// <summary>Makes a data folder of a backup, after checking every file of it.</summary>
/// <remarks>What fails is removed again. A killed restore leaves a mark, with which no server starts: half of the data would look like all.</remarks>
internal static class DataRestore
{
    private const string Mark = "restore.unfinished";

    /// <exception cref="StateDatabaseException">A restore into the folder was killed.</exception>
    public static void Refuse(string data)
    {
        if (File.Exists(Path.Combine(data, Mark)))
        {
            throw new StateDatabaseException($"{data} was not restored to its end: delete it and restore again.");
        }
    }

    /// <param name="data">Must be empty or missing.</param>
    /// <exception cref="BackupException">The backup is not whole, or the folder holds something.</exception>
    public static async Task<BackupManifest> RunAsync(string backup, string data, Action<string> progress, CancellationToken cancellationToken)
    {
        var manifest = await BackupManifest.ReadAsync(backup, cancellationToken).ConfigureAwait(false);
        if (DataBackup.IsWithin(data, backup))
        {
            throw new BackupException($"{Path.GetFullPath(data)} is part of the backup; restore into a folder elsewhere.");
        }

        if (File.Exists(data))
        {
            throw new BackupException($"{Path.GetFullPath(data)} is a file; restore into a new folder.");
        }

        if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
        {
            throw new BackupException($"{Path.GetFullPath(data)} is not empty; restore into a new folder.");
        }

        var isNew = !Directory.Exists(data);
        Directory.CreateDirectory(data);
        try
        {
            await CopyAsync(manifest, backup, data, progress, cancellationToken).ConfigureAwait(false);
            return manifest;
        }
        catch
        {
            Remove(data, isNew);
            throw;
        }
    }

    private static async Task CopyAsync(
        BackupManifest manifest, string backup, string data, Action<string> progress, CancellationToken cancellationToken)
    {
        var mark = Path.Combine(data, Mark);
        await File.WriteAllBytesAsync(mark, [], cancellationToken).ConfigureAwait(false);
        foreach (var folder in (string[])[DataBackup.Segments, DataBackup.Journal])
        {
            Directory.CreateDirectory(Path.Combine(data, folder));
        }

        DurableFile.SyncFolder(data);
        foreach (var file in manifest.Files)
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
        File.Delete(mark);
        DurableFile.SyncFolder(data);
    }

    /// <summary>The folder was empty: what is in it now is what was copied. One that was there before, such as a mounted one, stays.</summary>
    private static void Remove(string data, bool isNew)
    {
        foreach (var folder in (string[])[DataBackup.Segments, DataBackup.Journal])
        {
            if (Directory.Exists(Path.Combine(data, folder)))
            {
                Directory.Delete(Path.Combine(data, folder), recursive: true);
            }
        }

        foreach (var file in (string[])[DataBackup.StateFile, DataBackup.StateFile + ".new", Mark])
        {
            File.Delete(Path.Combine(data, file));
        }

        if (isNew)
        {
            Directory.Delete(data);
        }
    }
}
