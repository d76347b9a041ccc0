using System.Globalization;

namespace Culprit.Server.Journal;

/// <summary>Makes segment files: complete under a passing name first, then renamed, so that no half-made one is ever read.</summary>
internal static class SegmentFile
{
    public const string UnfinishedExtension = ".new";

    private static long _attempts;

    /// <summary>A durable segment, open for writing. It replaces a file of the same name, which held nothing acknowledged.</summary>
    /// <param name="fill">Writes what belongs behind the header; may be null.</param>
    public static IJournalFile Create(IFileSystem files, string folder, SegmentHeader header, Action<IJournalFile>? fill = null)
    {
        var path = Path.Combine(folder, Segment.NameOf(header.First));

        // Another name at each try: the remains of a failed one may still be there.
        var attempt = Interlocked.Increment(ref _attempts).ToString(CultureInfo.InvariantCulture);
        var passing = $"{path}.{attempt}{UnfinishedExtension}";
        var file = files.Create(passing);
        try
        {
            file.Write([header.ToBytes()], 0);
            fill?.Invoke(file);
            file.Sync();
            files.Rename(passing, path);
            files.SyncFolder(folder);
            return file;
        }
        catch (DiskException)
        {
            file.Dispose();
            TryDelete(files, passing);
            throw;
        }
    }

    public static void TryDelete(IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (DiskException)
        {
            // Only tidying up: the next start tries again.
        }
    }
}
