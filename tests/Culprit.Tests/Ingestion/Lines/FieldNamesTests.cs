using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Tests.Rules;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

public sealed class FieldNamesTests
{
    [Fact]
    public void TheDocumentedTableIsTheOneThatIsRead()
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var documented = File.ReadLines(Path.Combine(root, "docs", "ingest.md"))
            .SkipWhile(line => !line.StartsWith("<!-- fields", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(2);

        var read = FieldNames.Table.Select(row => $"| {row.Role} | {string.Join(' ', row.Names.Split(' ').Select(name => $"`{name}`"))} |");

        Assert.Equal(read, documented);
    }

    [Fact]
    public void EveryNameMeansOneThing()
    {
        var names = FieldNames.Table.SelectMany(row => row.Names.Split(' ').Select(name => (row.Role, name))).ToList();

        Assert.Equal(names.Count, names.Select(entry => entry.name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, entry => Assert.Equal(entry.Role, FieldNames.Find(Encoding.UTF8.GetBytes(entry.name), out _)));
    }

    [Theory]
    [InlineData("{\"message\":\"m\",\"msg\":\"other\"}", "'m' flags=ReceiveTime attributes={\"msg\":\"other\"}")]
    [InlineData("{\"msg\":\"other\",\"message\":\"m\"}", "'m' flags=ReceiveTime attributes={\"msg\":\"other\"}")]
    [InlineData("{\"message\":{\"a\":1},\"msg\":\"m\"}", "'m' flags=ReceiveTime attributes={\"message\":{\"a\":1}}")]
    [InlineData("{\"message\":\"m\",\"time\":\"yesterday\"}", "'m' flags=ReceiveTime attributes={\"time\":\"yesterday\"}")]
    [InlineData("{\"message\":\"m\",\"level\":\"loud\"}", "'m' flags=ReceiveTime attributes={\"level\":\"loud\"}")]
    [InlineData("{\"message\":\"m\",\"service\":\"two words\"}", "'m' flags=ReceiveTime attributes={\"service\":\"two words\"}")]
    [InlineData("{\"message\":\"\\u0000\\ud83d\\ude00\"}", "'\uFFFD\U0001F600' flags=ReceiveTime")]
    public void AFieldThatDoesNotHoldWhatItsNameSaysStaysAnAttribute(string line, string expected)
    {
        var shown = Assert.Single(LineText.Read(line).Show());

        Assert.Equal($"2024-03-01T00:00:00.000000 info file {expected}", shown);
    }
}
