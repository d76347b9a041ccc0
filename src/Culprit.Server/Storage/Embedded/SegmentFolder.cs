using Microsoft.Extensions.Logging;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The files of the record store, and what is done at start about those that should not or should be there.</summary>
internal sealed partial class SegmentFolder
{
    private readonly string _corrupt;
    private readonly string _orphaned;
    private readonly ILogger _logger;

    public SegmentFolder(string dataFolder, ILogger logger)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetFullPath(dataFolder), "segments");
        _corrupt = System.IO.Path.Combine(dataFolder, "corrupt");
        _orphaned = System.IO.Path.Combine(dataFolder, "orphaned");
        _logger = logger;
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>Deletes what a crash left behind.</summary>
    /// <param name="listed">Names in the manifest.</param>
    /// <param name="manifestIsNew">
    /// True when there was no manifest at all: then files are not leftovers but records whose database was lost, and are kept aside.
    /// </param>
    public void RemoveUnlisted(IReadOnlySet<string> listed, bool manifestIsNew)
    {
        foreach (var path in Directory.EnumerateFiles(Path).ToList())
        {
            var name = System.IO.Path.GetFileName(path);
            if (listed.Contains(name))
            {
                continue;
            }

            if (manifestIsNew && name.EndsWith(Segment.Extension, StringComparison.Ordinal))
            {
                MoveTo(_orphaned, name);
                SegmentOrphaned(name, _orphaned);
            }
            else if (name.EndsWith(Segment.Extension, StringComparison.Ordinal)
                || name.EndsWith(SegmentWriter.TemporaryExtension, StringComparison.Ordinal))
            {
                File.Delete(path);
                UnlistedDeleted(name);
            }
        }
    }

    /// <summary>Why a listed file is no good, or null. Only what costs no reading is looked at.</summary>
    public string? FindFault(Segment segment)
    {
        var file = new FileInfo(System.IO.Path.Combine(Path, segment.Name));
        if (!file.Exists)
        {
            return "the file is missing";
        }

        return file.Length == segment.Bytes ? null : $"the file has {file.Length} bytes instead of {segment.Bytes}";
    }

    /// <summary>Moves an unreadable file out of the way of queries; does nothing when it is missing.</summary>
    /// <returns>True when there was a file.</returns>
    public bool Quarantine(string name)
    {
        if (!File.Exists(System.IO.Path.Combine(Path, name)))
        {
            return false;
        }

        MoveTo(_corrupt, name);
        return true;
    }

    /// <summary>Deletes files that are no longer listed; one that resists stays until the next start, which tries again.</summary>
    /// <returns>Bytes that were freed.</returns>
    public long Delete(IReadOnlyList<Segment> segments)
    {
        var freed = 0L;
        foreach (var file in segments.SelectMany(s => PlacesOf(s.Name)).Where(f => f.Exists))
        {
            try
            {
                var bytes = file.Length;
                file.Delete();
                freed += bytes;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                DeleteFailed(e, file.FullName);
            }
        }

        DurableFile.SyncFolder(Path);
        return freed;
    }

    private IEnumerable<FileInfo> PlacesOf(string name) =>
        [new FileInfo(System.IO.Path.Combine(Path, name)), new FileInfo(System.IO.Path.Combine(_corrupt, name))];

    private void MoveTo(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        File.Move(System.IO.Path.Combine(Path, name), System.IO.Path.Combine(folder, name), overwrite: true);
        DurableFile.SyncFolder(folder);
        DurableFile.SyncFolder(Path);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Segment {Name} belongs to no manifest, because the state database is new: moved to {Folder}")]
    private partial void SegmentOrphaned(string name, string folder);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} was dropped, but could not be deleted; the next start tries again")]
    private partial void DeleteFailed(Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Deleted {Name}: a crash left it behind before it was listed; the journal still has its records")]
    private partial void UnlistedDeleted(string name);
}
