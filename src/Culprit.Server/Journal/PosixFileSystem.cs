using System.Runtime.InteropServices;

namespace Culprit.Server.Journal;

/// <summary>The disk as Linux shows it.</summary>
internal sealed class PosixFileSystem : IFileSystem
{
    /// <summary>This system's file system: checked calls on Linux, a weaker stand-in for development elsewhere.</summary>
    public static IFileSystem OfThisSystem() =>
        OperatingSystem.IsLinux() ? new PosixFileSystem() : new PortableFileSystem();

    public void SelfTest(string folder)
    {
        if (Libc.SyncContent(-1) == 0 || Marshal.GetLastPInvokeError() != Libc.BadDescriptor)
        {
            throw new JournalOpenException(
                "fdatasync on an invalid descriptor did not report EBADF: on this system a failed sync would go unnoticed, "
                + "so no acknowledgement could be trusted.");
        }

        // And the file system must be one that syncs at all, files and folders: better to hear of it now than at the first event.
        var path = Path.Combine(folder, "selftest" + SegmentFile.UnfinishedExtension);
        try
        {
            using (var file = PosixFile.Open(path, Libc.ReadWrite | Libc.CreateFlag))
            {
                file.Write([new byte[1]], 0);
                file.Sync();
            }

            Delete(path);
            SyncFolder(folder);
        }
        catch (DiskException e) when (e.IsNoSpace)
        {
            // A full disk is answered later, and may have room again by then.
        }
    }

    public void CreateFolder(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            return;
        }

        var parent = Path.GetDirectoryName(full)!;
        CreateFolder(parent);
        Translate("mkdir", full, () => Directory.CreateDirectory(full));
        SyncFolder(parent);
    }

    public IReadOnlyList<string> List(string folder)
    {
        string[] names = [];
        Translate("readdir", folder, () => names = Directory.Exists(folder) ? Directory.GetFiles(folder) : []);
        return Array.ConvertAll(names, name => Path.GetFileName(name));
    }

    public IJournalFile Create(string path) =>
        PosixFile.Open(path, Libc.ReadWrite | Libc.CreateFlag | Libc.ExclusiveFlag);

    public IJournalFile Open(string path, bool writable) =>
        PosixFile.Open(path, writable ? Libc.ReadWrite : Libc.ReadOnly);

    public void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw new DiskException("rename", from, Marshal.GetLastPInvokeError());
        }
    }

    public void Delete(string path)
    {
        if (Libc.Unlink(path) != 0)
        {
            throw new DiskException("unlink", path, Marshal.GetLastPInvokeError());
        }
    }

    public void SyncFolder(string path)
    {
        using var folder = PosixFile.Open(path, Libc.ReadOnly);
        folder.SyncAll();
    }

    public DiskSpace Space(string folder)
    {
        var space = DiskSpace.Unknown;
        Translate("statvfs", folder, () =>
        {
            var drive = new DriveInfo(folder);
            space = new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize);
        });
        return space;
    }

    public IDisposable? TryLock(string path)
    {
        var file = PosixFile.Open(path, Libc.ReadWrite | Libc.CreateFlag);
        if (file.TryLock())
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    private static void Translate(string call, string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // .NET puts the errno into HResult where it knows it.
            throw new DiskException(call, path, e.HResult is > 0 and < 200 ? e.HResult : DiskException.InputOutput);
        }
    }
}
