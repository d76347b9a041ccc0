using System.ComponentModel;
using System.Runtime.InteropServices;
using Culprit.Server.Journal;
using Microsoft.Win32.SafeHandles;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Forces files and folders to disk and tells when that failed, which .NET's own flush does not.</summary>
internal static class DurableFile
{
    /// <summary>Moves a finished file to its final name; when this returns, content and name survive a power cut.</summary>
    /// <exception cref="IOException">The disk refused; the file may exist under either name.</exception>
    public static void Publish(string temporary, string final)
    {
        using (var file = File.OpenHandle(temporary))
        {
            Sync(file, temporary);
        }

        File.Move(temporary, final, overwrite: true);
        SyncFolder(Path.GetDirectoryName(final)!);
    }

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    public static void SyncFolder(string folder)
    {
        var descriptor = Libc.Open(folder, Libc.ReadOnly | Libc.CloseOnExec, 0);
        Check(descriptor, folder);
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Sync(handle, folder);
    }

    private static void Sync(SafeFileHandle handle, string path)
    {
        // The handle is the caller's until its using ends, so the number stays valid.
        Check(Libc.SyncAll((int)handle.DangerousGetHandle()), path);
        GC.KeepAlive(handle);
    }

    private static void Check(int result, string path)
    {
        if (result < 0)
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            throw new IOException($"Could not force {path} to disk: {error.Message}", error);
        }
    }
}
