using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Journal;

namespace Culprit.IntegrationTests.Faults;

/// <summary>An ext4 file system in a file, whose power can be cut. Needs root and loop devices; skips the test without.</summary>
internal sealed partial class LoopDisk : IDisposable
{
    private const string Group = "disk";

    // EXT4_IOC_SHUTDOWN, and its way of not writing anything more, not even the file system's journal.
    private const nuint Shutdown = 0x8004587d;
    private const uint WithoutLog = 2;

    private readonly TempFolder _folder = new();
    private readonly string _mount;
    private readonly string _unmount;
    private readonly string _options;
    private bool _isMounted;

    private LoopDisk(string mount, string unmount, string options)
    {
        (_mount, _unmount, _options) = (mount, unmount, options);
        Directory.CreateDirectory(Path);
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => System.IO.Path.Combine(_folder.Path, "disk");

    private string Image => System.IO.Path.Combine(_folder.Path, "image");

    /// <param name="options">Further mount options.</param>
    public static LoopDisk Create(long bytes, string options = "noatime")
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "not run: mounting a disk needs root");
        var format = ExternalProgram.Require(Group, "mkfs.ext4");
        var disk = new LoopDisk(ExternalProgram.Require(Group, "mount"), ExternalProgram.Require(Group, "umount"), options);
        try
        {
            using (var image = File.Create(disk.Image))
            {
                image.SetLength(bytes);
            }

            Run(format, "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk.Image);
            if (disk.TryMount() is { } refusal)
            {
                Assert.Skip("not run: a loop device cannot be mounted here: " + refusal);
            }

            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>From this moment nothing reaches the disk any more: every write and sync fails, as far as it fails.</summary>
    public void CutPower()
    {
        var descriptor = Libc.Open(Path, Libc.ReadOnly, 0);
        Assert.True(descriptor >= 0, "open");
        var mode = WithoutLog;
        var result = Control(descriptor, Shutdown, ref mode);
        _ = Libc.Close(descriptor);
        Assert.True(result == 0, "EXT4_IOC_SHUTDOWN failed, errno " + Marshal.GetLastPInvokeError().ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Unmounts, and mounts again what reached the disk.</summary>
    public void Remount()
    {
        Unmount();
        Assert.Null(TryMount());
    }

    /// <summary>Has the kernel meet an error of the file system; with <c>errors=remount-ro</c> it turns read-only.</summary>
    public void TriggerError()
    {
        var device = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).First(m => m[1] == Path)[0];
        File.WriteAllText($"/sys/fs/ext4/{System.IO.Path.GetFileName(device)}/trigger_fs_error", "test");
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Unmount();
        }

        _folder.Dispose();
    }

    private string? TryMount()
    {
        var (code, output) = Execute(_mount, "-o", "loop," + _options, Image, Path);
        _isMounted = code == 0;
        return _isMounted ? null : output;
    }

    private void Unmount()
    {
        Run(_unmount, Path);
        _isMounted = false;
    }

    private static void Run(string program, params string[] arguments)
    {
        var (code, output) = Execute(program, arguments);
        Assert.True(code == 0, $"{program}: {output}");
    }

    private static (int Code, string Output) Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var output = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, ref uint argument);
}
