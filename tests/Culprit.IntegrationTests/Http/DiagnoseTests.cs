using System.Globalization;
using System.Text;
using Culprit.Engine.RootCause;
using Culprit.IntegrationTests.Support;
using Culprit.Server.RootCause;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class DiagnoseTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync(
        services => services.AddSingleton(new RootCauseRanker(RunbookLibrary.Empty)).AddSingleton<StoredInquiry>());

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task TheCauseOfStoredTroubleIsRanked()
    {
        await StoredTrouble.PublishAsync(_face);

        var answer = await AskAsync("""{"from":"2026-11-23T04:58:00Z","to":"2026-11-23T04:59:00Z"}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("ledger", (string?)answer.Json["incidents"]![0]!["root_causes"]![0]!["service"]);
        Assert.True((int)answer.Json["records"]! > 200);
    }

    [Fact]
    public async Task AStretchWithoutRecordsHasNoIncident()
    {
        var answer = await AskAsync("""{"from":"2026-11-22T04:58:00Z","to":"2026-11-22T04:59:00Z"}""");

        Assert.Equal(200, answer.Status);
        Assert.Empty(answer.Json["incidents"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"to":"2026-11-23T04:59:00Z"}""", "bad_parameter")]
    [InlineData("""{"from":"2026-11-23T04:59:00Z","to":"2026-11-23T04:58:00Z"}""", "bad_parameter")]
    [InlineData("""{"from":"2026-11-23T04:59:00Z","to":"2026-11-29T04:58:00Z"}""", "bad_parameter")]
    [InlineData("""[1]""", "bad_question")]
    [InlineData("""{"from":""", "bad_json")]
    public async Task AQuestionThatCannotBeAnsweredSaysWhatToChange(string body, string code)
    {
        var answer = await AskAsync(body);

        Assert.Equal(400, answer.Status);
        Assert.Equal(code, answer.Code);
    }

    private Task<Answer> AskAsync(string body) => _face.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/diagnose") { Content = new StringContent(body, Encoding.UTF8, "application/json") });
}
