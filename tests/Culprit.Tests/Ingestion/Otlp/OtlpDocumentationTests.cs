using Culprit.Engine.Ingestion.Otlp;
using Culprit.Server.Configuration;
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

    [Theory]
    [InlineData("otel-collector.yaml")]
    [InlineData("opentelemetry-sdk.env")]
    public void TheSamplesSendToTheDefaultAddresses(string name)
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var sample = File.ReadAllText(Path.Combine(root, "samples", "shippers", name));

        Assert.Contains(new Uri(OtlpSection.DefaultGrpcUrl).Authority, sample, StringComparison.Ordinal);
        Assert.Contains(OtlpSection.DefaultHttpUrl, sample, StringComparison.Ordinal);
    }
}
