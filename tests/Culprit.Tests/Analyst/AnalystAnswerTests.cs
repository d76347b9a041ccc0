using Culprit.Server.Analyst;

namespace Culprit.Tests.Analyst;

public class AnalystAnswerTests
{
    private const string Good = """{"verdict":"c1","summary":"s","claims":[{"text":"t","evidence":["a-1"]}]}""";

    [Theory]
    [InlineData(Good)]
    [InlineData("  " + Good + "\n")]
    [InlineData("```json\n" + Good + "\n```")]
    public void AnAnswerOfTheSchemaIsRead(string text)
    {
        var answer = AnalystAnswer.Parse(text, out _);

        Assert.Equal("c1", answer!.Verdict);
        Assert.Equal(["a-1"], Assert.Single(answer.Claims).Evidence);
    }

    [Theory]
    [InlineData("")]
    [InlineData("c1")]
    [InlineData("[]")]
    [InlineData("""{"verdict":"c1","summary":"s"}""")]
    [InlineData("""{"verdict":1,"summary":"s","claims":[]}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[],"severity":"low"}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[{"text":"t"}]}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[{"text":"t","evidence":"a-1"}]}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[{"text":"t","evidence":[1]}]}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[{"text":"t","evidence":[],"silence":true}]}""")]
    [InlineData("""{"verdict":"c1","summary":"s","claims":[{"text":"t","evidence":[]}]} and more""")]
    public void AnythingElseIsRefusedWithAReason(string text)
    {
        Assert.Null(AnalystAnswer.Parse(text, out var problem));
        Assert.NotEmpty(problem);
    }
}
