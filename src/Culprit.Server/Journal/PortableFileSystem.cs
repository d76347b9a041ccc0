using Microsoft.Win32.SafeHandles;

namespace Culprit.Server.Journal;

/// <summary>A stand-in for systems other than Linux, for development only.</summary>
/// <remarks>
/// It uses .NET's flush, which can hide a failed sync, and cannot sync folders: an acknowledgement here survives a
/// killed process, but not surely a power cut.
/// </remarks>
internal sealed class PortableFileSystem : IFileSystem
{
    public void SelfTest(string folder)
    {
        // Nothing to prove: the weaker promise is stated above.
    }

    public void CreateFolder(string path) => Translate("mkdir", path, () => Directory.CreateDirectory(path));

    public IReadOnlyList<string> List(string folder) => Translate(
        "readdir",
        folder,
        () => Directory.Exists(folder) ? Array.ConvertAll(Directory.GetFiles(folder), name => Path.GetFileName(name)) : []);

    public IJournalFile Create(string path) => OpenFile(path, FileMode.CreateNew, FileAccess.ReadWrite);

    public IJournalFile Open(string path, bool writable) =>
        OpenFile(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read);

    public void Rename(string from, string to) => Translate("rename", from, () =>
    {
        File.Move(from, to, overwrite: true);
        return true;
    });

    public void Delete(string path) => Translate("unlink", path, () =>
    {
        File.Delete(path);
        return true;
    });

    public void SyncFolder(string path)
    {
        // .NET has no call for it.
    }

    public DiskSpace Space(string folder) => Translate("statvfs", folder, () =>
    {
        var drive = new DriveInfo(Path.GetFullPath(folder));
        return new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize);
    });

    public IDisposable? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static PortableFile OpenFile(string path, FileMode mode, FileAccess access) => Translate(
        "open",
        path,
        () => new PortableFile(
            path, File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete)));

    private static T Translate<T>(string call, string path, Func<T> function)
    {
        try
        {
            return function();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DiskException(call, path, DiskException.NotFound);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiskException(call, path, IsDiskFull(e) ? DiskException.NoSpace : DiskException.InputOutput);
        }
    }

    // ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL of Windows; ENOSPC elsewhere.
    private static bool IsDiskFull(Exception e) => (e.HResult & 0xFFFF) is 39 or 112 or DiskException.NoSpace;

    /// <summary>A file by way of .NET's own calls.</summary>
    private sealed class PortableFile(string path, SafeFileHandle handle) : IJournalFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> into, long offset)
        {
            var total = 0;
            while (total < into.Length && RandomAccess.Read(handle, into[total..], offset + total) is > 0 and var read)
            {
                total += read;
            }

            return total;
        }

        public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> parts, long offset)
        {
            var list = parts.ToArray();
            Translate("write", path, () =>
            {
                RandomAccess.Write(handle, list, offset);
                return true;
            });
        }

        public void Sync() => Translate("flush", path, () =>
        {
#pragma warning disable RS0030 // The stated weakness of this class.
            RandomAccess.FlushToDisk(handle);
#pragma warning restore RS0030
            return true;
        });

        public void Truncate(long length) => Translate("truncate", path, () =>
        {
            RandomAccess.SetLength(handle, length);
            return true;
        });

        public void Dispose() => handle.Dispose();
    }
}
