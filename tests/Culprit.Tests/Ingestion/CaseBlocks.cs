using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Culprit.Tests.Ingestion;

/// <summary>A file of blocks beside the tests: lines that begin with <c>&lt; </c> go in, what stands below them comes out.</summary>
/// <remarks>Blank lines separate blocks, lines that begin with # explain. CULPRIT_UPDATE_GOLDEN=1 writes what comes out.</remarks>
internal static class CaseBlocks
{
    private const string Input = "< ";

    public static void Check(string name, Func<IReadOnlyList<string>, string> read, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "..", "Cases", name);
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
}
