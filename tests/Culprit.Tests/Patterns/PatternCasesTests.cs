using System.Runtime.CompilerServices;
using System.Text;
using Culprit.Engine.Patterns;
using Xunit;

namespace Culprit.Tests.Patterns;

public sealed class PatternCasesTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(Folder(), "Cases", "patterns.txt")))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var arrow = line.LastIndexOf(" => ", StringComparison.Ordinal);
                cases.Add(Decode(line[..arrow]), line[(arrow + 4)..]);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AMessageMinedAloneHasThisText(string message, string expected)
    {
        var miner = new PatternMiner(new PatternOptions());

        var text = miner.Text(miner.Assign(Encoding.UTF8.GetBytes(message)));

        Assert.Equal(expected, text);
    }

    private static string Decode(string text) =>
        text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
            .Replace("\\e", "\u001b", StringComparison.Ordinal).Replace("\\0", "\0", StringComparison.Ordinal);

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
