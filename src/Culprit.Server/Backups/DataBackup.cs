using Culprit.Server.Storage.Embedded;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Backups;

/// <summary>Copies a data folder, also that of a running server, to a folder from which it can be restored.</summary>
/// <remarks>
/// The order makes it whole. The journal's files are opened first: what the server trims meanwhile stays readable. Then the
/// state is copied in one transaction, with the list of segments and the journal positions that belong to it, and then
/// the segments on that list. Last the journal is read, with the files that came since. So it reaches from before the
/// copied positions to after them, and everything acknowledged before the start is in a segment or in the journal.
/// </remarks>
internal sealed class DataBackup(string data, TimeProvider clock, Action<string> progress)
{
    public const string StateFile = "state.db";
    public const string Segments = "segments";
    public const string Journal = "journal";

    /// <summary>A segment on the list may be dropped or merged before it is copied: then the state is copied anew.</summary>
    private const int MaxRounds = 10;

    private const string ListSegments = "SELECT name FROM segments WHERE corrupt_reason IS NULL ORDER BY first_sequence, name";

    /// <param name="target">Must not exist; appears when the backup is complete.</param>
    /// <exception cref="BackupException">There is nothing to copy, or no room for it under that name.</exception>
    public async Task<BackupManifest> WriteAsync(string target, CancellationToken cancellationToken)
    {
        var state = Path.Combine(data, StateFile);
        if (!File.Exists(state))
        {
            throw new BackupException($"{data} is no data folder: it has no {StateFile}.");
        }

        target = Path.GetFullPath(target);
        if (IsWithin(target, data))
        {
            throw new BackupException($"{target} is in the data folder; name a folder elsewhere, best on another disk.");
        }

        if (Path.Exists(target))
        {
            throw new BackupException($"{target} exists already; name a new folder.");
        }

        var started = clock.GetUtcNow();
        var unfinished = target + ".unfinished";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true); // Of a backup that was stopped.
        }

        Directory.CreateDirectory(Path.Combine(unfinished, Segments));
        Directory.CreateDirectory(Path.Combine(unfinished, Journal));
        var journal = new SortedDictionary<string, FileStream>(StringComparer.Ordinal);
        try
        {
            OpenJournal(journal);
            var files = await CopyStoreAsync(state, unfinished, cancellationToken).ConfigureAwait(false);
            OpenJournal(journal);
            foreach (var (name, file) in journal)
            {
                progress($"{Journal}/{name}");
                files.Add(await FileCopy.ToAsync(file, Path.Combine(unfinished, Journal, name), $"{Journal}/{name}", cancellationToken).ConfigureAwait(false));
            }

            var manifest = new BackupManifest(BackupManifest.NewestVersion, started, files);
            await manifest.WriteAsync(unfinished, cancellationToken).ConfigureAwait(false);
            DurableFile.SyncFolder(unfinished);
            Directory.Move(unfinished, target);
            DurableFile.SyncFolder(Path.GetDirectoryName(target)!);
            return manifest;
        }
        finally
        {
            foreach (var file in journal.Values)
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>True when the one folder is the other, or somewhere in it.</summary>
    public static bool IsWithin(string inner, string outer) =>
        (Path.GetFullPath(inner) + '/').StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(outer)) + '/', StringComparison.Ordinal);

    private void OpenJournal(SortedDictionary<string, FileStream> open)
    {
        var folder = Path.Combine(data, Journal);
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.wal") : [])
        {
            var name = Path.GetFileName(path);
            try
            {
                if (!open.ContainsKey(name))
                {
                    open.Add(name, FileCopy.Open(path));
                }
            }
            catch (FileNotFoundException)
            {
                // Trimmed since it was listed: nobody needs it.
            }
        }
    }

    private async Task<List<BackupFile>> CopyStoreAsync(string state, string target, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, BackupFile>(StringComparer.Ordinal);
        for (var round = 0; round < MaxRounds; round++)
        {
            progress(StateFile);
            var copy = Path.Combine(target, StateFile);
            var segments = CopyState(state, copy);
            if (!await TryCopySegmentsAsync(segments, target, files, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            foreach (var name in files.Keys.Except(segments).ToList())
            {
                File.Delete(Path.Combine(target, Segments, name)); // Of an earlier round.
                files.Remove(name);
            }

            await using var read = FileCopy.Open(copy);
            return [await FileCopy.ToAsync(read, copy, StateFile, cancellationToken).ConfigureAwait(false), .. files.Values];
        }

        throw new BackupException($"Segments were dropped faster than they could be copied, {MaxRounds} times in a row; try again.");
    }

    private async Task<bool> TryCopySegmentsAsync(
        List<string> names, string target, Dictionary<string, BackupFile> files, CancellationToken cancellationToken)
    {
        foreach (var name in names.Where(n => !files.ContainsKey(n)))
        {
            try
            {
                await using var file = FileCopy.Open(Path.Combine(data, Segments, name));
                progress($"{Segments}/{name}");
                files.Add(name, await FileCopy.ToAsync(file, Path.Combine(target, Segments, name), $"{Segments}/{name}", cancellationToken).ConfigureAwait(false));
            }
            catch (FileNotFoundException)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Copies the database as of one moment; returns the names of the segments that belong to it.</summary>
    private static List<string> CopyState(string state, string copy)
    {
        File.Delete(copy);
        using (var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = state, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString()))
        {
            connection.Open();
            using var vacuum = StateDatabase.Command(connection, "VACUUM INTO $copy", ("$copy", copy));
            vacuum.ExecuteNonQuery();
        }

        using var copied = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = copy, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        copied.Open();
        using var command = StateDatabase.Command(copied, ListSegments);
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }
}
