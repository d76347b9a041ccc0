using System.Runtime.CompilerServices;

namespace Culprit.Tests.Ingestion;

/// <summary>A file of <c>input => expected</c> lines beside the tests; blank lines and lines that begin with # are left out.</summary>
internal static class CaseFile
{
    private const string Arrow = " => ";

    public static IEnumerable<(string Input, string Expected)> Read(string name, [CallerFilePath] string here = "")
    {
        foreach (var line in File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "Cases", name)))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var at = line.LastIndexOf(Arrow, StringComparison.Ordinal);
            yield return (line[..at], line[(at + Arrow.Length)..]);
        }
    }
}
