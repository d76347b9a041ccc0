using Culprit.Engine.Filtering;
using Culprit.Engine.Rules;
using Culprit.Tests.Filtering;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class MessageTemplateTests
{
    private static readonly FiringFacts Facts = new("r", 7, TimeSpan.FromSeconds(90), "service=a", FilterRecord.Noon, FilterRecord.Noon);

    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("{rule} {count} {window} {scope}", "r 7 90s service=a")]
    [InlineData("{started_at}", "2026-11-23T12:00:00Z")]
    [InlineData("{service}/{level}/{trace_id}", "api-gateway/info/-")]
    [InlineData("{context.n}{context.ok}{context.\"a b\"}", "1.5truex y")]
    [InlineData("{{{count}}}", "{7}")]
    public void PlaceholdersAreFilledIn(string text, string expected)
    {
        var record = new FilterRecord { Attributes = """{"n":1.5,"ok":true,"a b":"x\ny"}""" };

        var rendered = MessageTemplate.Parse(text).Render(Facts, record.ToBatch()[0], new FilterContext(1));

        Assert.Equal(expected, rendered);
    }

    [Theory]
    [InlineData("a {servce}", 3, "unknown placeholder")]
    [InlineData("a {service", 2, "a placeholder has no end")]
    [InlineData("a } b", 2, "a brace closes nothing")]
    [InlineData("{}", 1, "unknown placeholder")]
    public void AMistakePointsAtTheCharacter(string text, int position, string problem)
    {
        var isTemplate = MessageTemplate.TryParse(text, out _, out var error);

        Assert.False(isTemplate);
        Assert.Equal((position, problem), (error!.Position, error.Problem));
    }

    [Fact]
    public void ALongValueIsCut()
    {
        var record = new FilterRecord { Message = new string('x', 100_000) };

        var text = MessageTemplate.Parse("{message}{message}").Render(Facts, record.ToBatch()[0], new FilterContext(1));

        Assert.Equal(2000, text.Length);
    }
}
