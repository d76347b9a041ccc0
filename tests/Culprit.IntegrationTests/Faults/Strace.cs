using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>Makes system calls of the real server fail or dawdle; skips the test where strace is missing.</summary>
internal static class Strace
{
    /// <summary>A command that runs what follows it, in its own process, under the fault.</summary>
    /// <param name="fault">As strace has it, such as <c>error=EIO:when=3</c>.</param>
    /// <param name="path">Only calls on this file.</param>
    public static string[] Command(string call, string fault, string? path = null)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "not run: tracing needs root here");
        var program = ExternalProgram.Require("strace", "strace");

        // -D: the server stays the child of the test, and strace goes when it goes.
        return
        [
            program, "-D", "-f", "-q", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=" + call, "-e", $"inject={call}:{fault}",
            .. path is null ? [] : new[] { "-P", path },
        ];
    }
}
