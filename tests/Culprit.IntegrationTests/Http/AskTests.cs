using System.Text;
using Culprit.Engine.RootCause;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Analyst;
using Culprit.Server.RootCause;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

/// <summary><c>POST /ask</c> without a model.</summary>
public sealed class AskTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync(
        services => services.AddSingleton(new RootCauseRanker(RunbookLibrary.Empty)).AddSingleton<StoredInquiry>().AddSingleton<Asking>());

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("""{"question":"why did ledger fail at 04:58?"}""")]
    [InlineData("""{"question":"why did ledger fail?"}""")]
    [InlineData("""{"question":"why?","from":"2026-11-23T04:57:00Z","to":"2026-11-23T04:59:00Z","environment":"default"}""")]
    public async Task TheRankerAnswersAlone(string question)
    {
        await StoredTrouble.PublishAsync(_face);

        var answer = await AskAsync(question);

        Assert.Equal(200, answer.Status);
        Assert.Null((string?)answer.Json["model"]);
        var first = answer.Json["answers"]![0]!;
        Assert.Contains("ledger", (string?)first["answer"], StringComparison.Ordinal);
        Assert.Null(first["analysis"]);
    }

    [Theory]
    [InlineData("""{"question":""}""", 400, "bad_parameter")]
    [InlineData("""{"from":"2026-11-23T04:57:00Z"}""", 400, "bad_parameter")]
    [InlineData("""{"question":"why?","from":"yesterday"}""", 400, "bad_parameter")]
    [InlineData("""["why?"]""", 400, "bad_parameter")]
    [InlineData("""{"question":""", 400, "bad_json")]
    public async Task AQuestionThatCannotBeReadSaysWhatToChange(string body, int status, string code)
    {
        var answer = await AskAsync(body);

        Assert.Equal(status, answer.Status);
        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task ATooLongQuestionIsRefused() =>
        Assert.Equal(413, (await AskAsync($$"""{"question":"{{new string('x', 20_000)}}"}""")).Status);

    private Task<Answer> AskAsync(string body) => _face.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/ask") { Content = new StringContent(body, Encoding.UTF8, "application/json") });
}
