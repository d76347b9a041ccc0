using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class CountTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync()
    {
        _face = await HttpFace.StartAsync();
        await _face.PostAsync(
            """
            [{"message":"a","service":"api","level":"error","timestamp":"2026-11-23T04:30:10Z"},
             {"message":"b","service":"api","level":"error","timestamp":"2026-11-23T04:30:50Z"},
             {"message":"c","service":"web","level":"info","timestamp":"2026-11-23T04:31:00Z"},
             {"message":"d","service":"web","level":"info","timestamp":"2026-11-23T03:00:00Z"}]
            """);
    }

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task TheLastHourIsCountedByMinuteAndGroup()
    {
        var answer = await _face.GetAsync("/events/counts?by=service,level");

        Assert.Equal(200, answer.Status);
        Assert.Equal("2026-11-23T04:00:00.000Z", (string?)answer.Json["from"]);
        Assert.Equal("2026-11-23T05:00:00.000Z", (string?)answer.Json["to"]);
        Assert.Equal((3, 3, 60), ((int?)answer.Json["count"], (int?)answer.Json["records"], (int?)answer.Json["interval"]));
        Assert.Equal(
            """
            [{"at":"2026-11-23T04:30:00.000Z","service":"api","level":"error","count":2,"records":2},{"at":"2026-11-23T04:31:00.000Z","service":"web","level":"info","count":1,"records":1}]
            """,
            answer.Json["counts"]!.ToJsonString());
    }

    [Fact]
    public async Task TimesAreRoundedToWholeIntervals()
    {
        var answer = await _face.GetAsync("/events/counts?interval=1h&from=2026-11-23T03:59:00Z&to=2026-11-23T04:00:01Z&level=info,error");

        Assert.Equal("2026-11-23T03:00:00.000Z", (string?)answer.Json["from"]);
        Assert.Equal("2026-11-23T05:00:00.000Z", (string?)answer.Json["to"]);
        Assert.Equal([1, 3], answer.Json["counts"]!.AsArray().Select(c => (int)c!["count"]!));
    }

    [Theory]
    [InlineData("by=host", "by")]
    [InlineData("by=8", "by")]
    [InlineData("interval=0s", "interval")]
    [InlineData("interval=60x", "interval")]
    [InlineData("interval=32d", "interval")]
    [InlineData("pattern=xyz", "pattern")]
    [InlineData("type=log.error", "type")]
    [InlineData("limit=5", "limit")]
    [InlineData("from=2026-11-23T04:00:00Z&to=2026-11-23T03:00:00Z", "from")]
    [InlineData("from=2020-01-01T00:00:00Z&interval=1s", "from")]
    public async Task WhatIsNotUnderstoodIsRefusedByName(string query, string parameter)
    {
        var answer = await _face.GetAsync("/events/counts?" + query);

        Assert.Equal(400, answer.Status);
        Assert.Contains(parameter, (string?)answer.Json["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyGroupsAreRefused()
    {
        _face.Records.Failure = new TooManyGroupsException();

        var answer = await _face.GetAsync("/events/counts");

        Assert.Equal(422, answer.Status);
        Assert.Contains("longer interval", (string?)answer.Json["detail"], StringComparison.Ordinal);
    }
}
