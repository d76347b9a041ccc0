using System.Text.RegularExpressions;

namespace Culprit.Engine.RootCause;

/// <summary>Faults that a message admits of its own process or host.</summary>
internal enum SelfFault : byte
{
    None = 0,

    /// <summary>A stack trace or an exception of programming: some fault of its own code.</summary>
    Exception = 1,
    OutOfMemory = 2,
    DiskFull = 3,
    OpenFiles = 4,
    Crash = 5,
    Deadlock = 6,
    CertificateExpired = 7,
}

/// <summary>Recognises faults that need no further witness.</summary>
internal static partial class SelfFaults
{
    public static SelfFault Find(string message) => message switch
    {
        _ when OutOfMemory().IsMatch(message) => SelfFault.OutOfMemory,
        _ when DiskFull().IsMatch(message) => SelfFault.DiskFull,
        _ when OpenFiles().IsMatch(message) => SelfFault.OpenFiles,
        _ when Expired().IsMatch(message) => SelfFault.CertificateExpired,
        _ when Crash().IsMatch(message) => SelfFault.Crash,
        _ when Deadlock().IsMatch(message) => SelfFault.Deadlock,
        _ when Exception().IsMatch(message) => SelfFault.Exception,
        _ => SelfFault.None,
    };

    /// <summary>What admitting the fault adds to the score; an exception may still be the echo of another's fault.</summary>
    public static double Points(this SelfFault fault) => fault switch
    {
        SelfFault.None => 0,
        SelfFault.Exception => 1,
        SelfFault.Deadlock => 2.5,
        SelfFault.OpenFiles => 3,
        SelfFault.Crash => 3.5,
        SelfFault.OutOfMemory or SelfFault.DiskFull or SelfFault.CertificateExpired => 4,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown fault {(byte)fault}."),
    };

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"out ?of ?memory|\boom\b|oom[-_ ]?kill|java heap space|cannot allocate memory|ENOMEM|memory limit exceeded|allocation failed", Plain)]
    private static partial Regex OutOfMemory();

    [GeneratedRegex(@"no space left|disk (?:is )?full|ENOSPC|disk quota exceeded|read-only file system", Plain)]
    private static partial Regex DiskFull();

    [GeneratedRegex(@"too many open files|EMFILE|ENFILE", Plain)]
    private static partial Regex OpenFiles();

    [GeneratedRegex(@"certificate (?:has |is )?expired|CERT_HAS_EXPIRED|certificate.{0,60}not yet valid|expired certificate", Plain)]
    private static partial Regex Expired();

    [GeneratedRegex(@"\bpanic\b|panicked|segfault|segmentation fault|SIGSEGV|core dumped|fatal error|stack ?overflow|assertion failed|exit(?:ed)? (?:with )?(?:code|status) (?:134|137|139)", Plain)]
    private static partial Regex Crash();

    [GeneratedRegex(@"deadlock", Plain)]
    private static partial Regex Deadlock();

    [GeneratedRegex(@"NullPointer|NullReference|Traceback \(most recent|IndexOutOf|KeyError|TypeError|ClassCast|unhandled|uncaught|division by zero|undefined is not|nil pointer", Plain)]
    private static partial Regex Exception();
}
