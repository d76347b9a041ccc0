using System.Text;
using Culprit.Tests.Rules;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

/// <summary>Samples of every format and what is read from them, side by side in the folder of cases.</summary>
public sealed class FormatGoldenTests
{
    private static readonly string Folder = SourceTree.FindRoot() is { } root
        ? Path.Combine(root, "tests", "Culprit.Tests", "Ingestion", "Cases", "formats")
        : "";

    public static TheoryData<string> Samples() => Folder.Length == 0
        ? []
        : [.. Directory.GetFiles(Folder, "*.log").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Samples))]
    public void EverySampleIsReadAsItsFileExpects(string name)
    {
        var expected = Path.Combine(Folder, name + ".expected");

        var read = LineText.Read(File.ReadAllBytes(Path.Combine(Folder, name + ".log")));
        var shown = new StringBuilder().AppendJoin('\n', read.Show()).Append('\n');
        shown.AppendJoin(' ', read.Report.Formats.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}"));
        shown.Append(System.Globalization.CultureInfo.InvariantCulture, $" unparsed={read.Report.UnparsedLines}\n");

        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(expected, shown.ToString());
        }

        Assert.Equal(File.ReadAllText(expected), shown.ToString());
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Samples))]
    public void WhereChunksAreCutChangesNothing(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, name + ".log"));

        var whole = LineText.Read(bytes).Show();
        var halves = LineText.Read(bytes, chunk: Math.Max(1, bytes.Length - 7)).Show();

        Assert.Equal(whole, halves);
    }
}
