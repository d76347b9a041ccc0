using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Culprit.Tests.Ingestion;

/// <summary>A file of blocks beside the tests: lines that begin with <c>&lt; </c> go in, what stands below them comes out.</summary>
/// <remarks>Blank lines separate blocks, lines that begin with # explain. CULPRIT_UPDATE_GOLDEN=1 writes what comes out.</remarks>
internal static class CaseBlocks
{
    private const string Input = "< ";

    public static void Check(string name, Func<IReadOnlyList<string>, string> read)
    {
        var path = PathOf(name);
        var text = File.ReadAllText(path);
        var actual = new StringBuilder();
        foreach (var block in text.TrimEnd('\n').Split("\n\n"))
        {
            var lines = block.Split('\n');
            var kept = lines.Where(line => line.StartsWith('#') || line.StartsWith(Input, StringComparison.Ordinal)).ToList();
            var input = kept.Where(line => line[0] != '#').Select(line => line[Input.Length..]).ToList();
            actual.AppendJoin('\n', kept).Append('\n');
            if (input.Count > 0)
            {
                actual.Append(read(input)).Append('\n');
            }

            actual.Append('\n');
        }

        actual.Length--;
        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual.ToString());
            return;
        }

        Assert.Equal(text, actual.ToString());
    }

    /// <summary>What goes in, of every block.</summary>
    public static byte[][] Inputs(string name) =>
    [
        .. File.ReadAllText(PathOf(name)).Split("\n\n")
            .Select(block => block.Split('\n').Where(line => line.StartsWith(Input, StringComparison.Ordinal)).Select(line => line[Input.Length..]))
            .Where(lines => lines.Any())
            .Select(lines => Encoding.UTF8.GetBytes(string.Join('\n', lines))),
    ];

    private static string PathOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Cases", name);
}
