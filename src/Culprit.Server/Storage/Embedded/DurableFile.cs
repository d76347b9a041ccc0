using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Forces files and folders to disk and tells when that failed, which .NET's own flush does not.</summary>
internal static partial class DurableFile
{
    private const int OpenReadOnly = 0;

    /// <summary>Moves a finished file to its final name; when this returns, content and name survive a power cut.</summary>
    /// <exception cref="IOException">The disk refused; the file may exist under either name.</exception>
    public static void Publish(string temporary, string final)
    {
        using (var file = File.OpenHandle(temporary))
        {
            Check(Fsync(file), temporary);
        }

        File.Move(temporary, final, overwrite: true);
        SyncFolder(Path.GetDirectoryName(final)!);
    }

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    public static void SyncFolder(string folder)
    {
        var descriptor = Open(folder, OpenReadOnly);
        Check(descriptor, folder);
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Check(Fsync(handle), folder);
    }

    private static void Check(int result, string path)
    {
        if (result < 0)
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            throw new IOException($"Could not force {path} to disk: {error.Message}", error);
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
