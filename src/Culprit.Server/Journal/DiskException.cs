using System.Runtime.InteropServices;

namespace Culprit.Server.Journal;

/// <summary>A call to the disk failed, with the kernel's own reason.</summary>
internal sealed class DiskException(string call, string path, int errno)
    : IOException($"{call} {path}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
{
    public const int NotFound = 2;
    public const int InputOutput = 5;
    public const int Exists = 17;
    public const int NoSpace = 28;
    public const int QuotaExceeded = 122;

    public int Errno { get; } = errno;

    /// <summary>The disk is sound but full: worth trying again when space returns.</summary>
    public bool IsNoSpace => Errno is NoSpace or QuotaExceeded;
}
