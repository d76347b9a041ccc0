using Culprit.Engine.Ingestion.Otlp;
using Culprit.Tests.Rules;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

public sealed class OtlpDocumentationTests
{
    [Fact]
    public void TheTableOfResourceAttributesIsTheOneInTheCode()
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var lines = File.ReadAllLines(Path.Combine(root, "docs", "otlp.md"));

        Assert.All(OtlpOrigin.Table, row => Assert.Contains($"| {row.Field} | {string.Join(' ', row.Names.Select(n => $"`{n}`"))} |", lines));
    }
}
