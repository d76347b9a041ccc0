using System.Text.Json.Nodes;
using Culprit.Engine.Admission;
using Culprit.Engine.Filtering;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class SamplingTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync(services => services.AddSingleton(
        new RecordAdmission([new AdmissionRule(Filters.Parse("service = \"chatty\"").Filter, 1, 0.1)])));

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task ABatchIsAcceptedWholeAndItsAnswerAndRecordsSayWhatWasSampledOut()
    {
        var events = string.Join('\n', Enumerable.Range(0, 1000).Select(i => $$"""{"service":"chatty","message":"m{{i}}"}"""));

        var answer = await _face.PostAsync(events + "\n{\"service\":\"quiet\",\"message\":\"one\"}", "application/x-ndjson");

        var sampled = (int)answer.Json["sampled"]!;
        var kept = (await _face.GetAsync("/events?service=chatty&limit=1000")).Json["events"]!.AsArray();
        Assert.Equal(1001, (int)answer.Json["accepted"]!);
        Assert.Equal(1000 - sampled, kept.Count);
        Assert.InRange(kept.Count, 60, 140);
        Assert.All(kept, e => Assert.Equal(10, (int)e!["sample_weight"]!));
        var quiet = Assert.Single((await _face.GetAsync("/events?service=quiet")).Json["events"]!.AsArray());
        Assert.Null(quiet!["sample_weight"]);
        var counts = (await _face.GetAsync("/health/detailed")).Json["components"]!["ingestion"]!;
        Assert.Equal((kept.Count + 1, sampled), ((int)counts["accepted"]!, (int)counts["sampled"]!));
    }

    [Fact]
    public async Task AnEventThatIsSampledOutIsPublishedOnceAndNotJournalled()
    {
        // Which of them are kept is decided by their text: find one that is not.
        var body = "";
        JsonNode? answer = null;
        for (var i = 0; answer?["sampled"] is null; i++)
        {
            body = $$"""{"id":"id-{{i}}","service":"chatty","message":"m{{i}}","timestamp":"2026-11-23T05:00:00Z"}""";
            answer = (await _face.PostAsync(body)).Json;
        }

        var appends = _face.Journal.Appends;
        var again = await _face.PostAsync(body);
        var unnamed = await _face.PostAsync(body.Replace("\"id\"", "\"other\"", StringComparison.Ordinal));

        Assert.Equal("published", (string?)answer["status"]);
        Assert.StartsWith("id-", (string?)answer["id"], StringComparison.Ordinal);
        Assert.Equal(201, again.Status);
        Assert.True((bool)again.Json["duplicate"]!);
        Assert.Equal(201, unnamed.Status);
        Assert.True((bool)unnamed.Json["sampled"]!);
        Assert.Null(unnamed.Json["id"]);
        Assert.Equal(appends, _face.Journal.Appends);
    }
}
