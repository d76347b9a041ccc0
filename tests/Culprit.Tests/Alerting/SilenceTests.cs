using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Detection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class SilenceTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly MemorySilenceStore _store = new();
    private readonly IncidentBook _book = new();
    private readonly AlertPost _post;
    private readonly SilenceBook _silences;
    private readonly List<string> _taken = [];
    private int _events;

    public SilenceTests()
    {
        _post = new AlertPost(new AlertRouter([new AlertRoute { Sinks = ["pager"] }], ["console"]), ServiceLabels.None, _book, _clock);
        _silences = new SilenceBook(_store, _state, new AlertSignal(), _clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _silences.Dispose();

    [Fact]
    public async Task WhatIsSilencedIsHeldAndSentWhenTheSilenceEndsWhileItIsOpen()
    {
        await SilenceAsync("""{"services":["a","b"],"duration":"2h","comment":"deploy"}""");
        await ApplyAsync("alert.firing", "alert.updated");
        Assert.Equal(TimeSpan.FromHours(2), await ServeAsync());
        Assert.Empty(_taken);
        Assert.Equal(["Dropped silence s1 of ann: deploy", "Waiting silence s1 of ann: deploy"], await DeliveriesAsync());

        _clock.Advance(TimeSpan.FromHours(2));
        await ServeAsync();

        Assert.Equal(["alert.updated"], _taken);
    }

    [Fact]
    public async Task WhatEndsWhileItIsSilencedIsNeverTold()
    {
        await SilenceAsync("""{"environments":["prod"],"duration":"2h","comment":"deploy"}""");
        await ApplyAsync("alert.firing");
        await ServeAsync();
        await ApplyAsync("alert.resolved");
        await ServeAsync();
        _clock.Advance(TimeSpan.FromHours(3));
        await ServeAsync();

        Assert.Empty(_taken);
        Assert.Equal(["Dropped silence s1 of ann: deploy", "Dropped this sink was not told of it"], await DeliveriesAsync());
    }

    [Fact]
    public async Task WhoWasToldBeforeTheSilenceIsToldOfTheEnd()
    {
        await ApplyAsync("alert.firing");
        await ServeAsync();
        await SilenceAsync("""{"environments":["prod"],"duration":"2h","comment":"enough"}""");
        await ApplyAsync("alert.updated", "alert.resolved");
        await ServeAsync();

        Assert.Equal(["alert.firing", "alert.resolved"], _taken);
    }

    [Fact]
    public async Task WhatGetsWorseThanTheSilenceIsMeantForIsTold()
    {
        await SilenceAsync("""{"environments":["prod"],"max_severity":"high","duration":"2h","comment":"known"}""");
        await ApplyAsync("alert.firing");
        await ServeAsync();
        Assert.Empty(_taken);

        await ApplyAsync("critical", "alert.updated");
        await ServeAsync();

        Assert.Equal(["alert.updated"], _taken);
    }

    [Fact]
    public async Task AnEndedSilenceLetsGoAtOnce()
    {
        await SilenceAsync("""{"environments":["prod"],"duration":"2h","comment":"deploy"}""");
        await ApplyAsync("alert.firing");
        await ServeAsync();

        Assert.Equal(Start, (await _silences.EndAsync("s1"))!.EndsAt);
        Assert.Null(await _silences.EndAsync("s2"));
        await ServeAsync();

        Assert.Equal(["alert.firing"], _taken);
    }

    [Fact]
    public async Task SilencesSurviveARestart()
    {
        await SilenceAsync("""
            {"environments":["prod"],"services":["a*"],"anomaly_types":["error_*"],"labels":{"team":["x","y"],"tier":"1"},"incidents":["i1"],
            "min_severity":"medium","max_severity":"high","ends_at":"2026-11-30T12:00:00.5Z","starts_at":"2026-11-29T13:00:00Z","comment":"c","by":"bob"}
            """);
        using var after = new SilenceBook(_store, _state, new AlertSignal(), _clock);

        await after.StartingAsync(Token);

        Assert.Equivalent(_silences.All, after.All, strict: true);
        var silence = Assert.Single(after.All);
        Assert.Equal(("bob", Start.AddHours(1), Start.AddDays(1).AddSeconds(0.5)), (silence.Author, silence.StartsAt, silence.EndsAt));
        Assert.Equal(["x", "y"], silence.Match.Labels["team"]);
        Assert.False(silence.IsActive(Start));
        Assert.True(silence.IsActive(Start.AddHours(1)));
    }

    [Theory]
    [InlineData("""[]""", "Send an object")]
    [InlineData("""{"duration":"1h","comment":"c"}""", "Say what to silence")]
    [InlineData("""{"min_severity":"low","duration":"1h","comment":"c"}""", "Say what to silence")]
    [InlineData("""{"services":["a"],"duration":"1h"}""", "Say why")]
    [InlineData("""{"services":["a"],"comment":"c"}""", "Give 'ends_at'")]
    [InlineData("""{"services":["a"],"comment":"c","duration":"soon"}""", "Give 'ends_at'")]
    [InlineData("""{"services":["a"],"comment":"c","ends_at":"2026-11-29T11:59:59Z"}""", "A silence ends after it starts and after now")]
    [InlineData("""{"services":["a"],"comment":"c","ends_at":"2027-03-29T11:59:59Z"}""", "A silence ends after it starts and after now, and lasts at most 90 days")]
    [InlineData("""{"services":["a"],"comment":"c","ends_at":"tomorrow"}""", "'ends_at' is not allowed")]
    [InlineData("""{"services":"a","comment":"c","duration":"1h"}""", "'services' is not allowed")]
    [InlineData("""{"services":[1],"comment":"c","duration":"1h"}""", "'services' is not allowed")]
    [InlineData("""{"services":[""],"comment":"c","duration":"1h"}""", "services: '' is not allowed")]
    [InlineData("""{"service":["a"],"comment":"c","duration":"1h"}""", "There is no field 'service'")]
    [InlineData("""{"services":["a"],"max_severity":"bad","comment":"c","duration":"1h"}""", "maxSeverity: 'bad' is not allowed; use low")]
    [InlineData("""{"labels":{"team":5},"comment":"c","duration":"1h"}""", "'labels' is not allowed")]
    [InlineData("""{"services":["a"],"comment":"c\u001b","duration":"1h"}""", "'comment' is not allowed")]
    public void WhatIsWrongWithASilenceIsSaid(string json, string problem)
    {
        using var document = JsonDocument.Parse(json);

        var (silence, found) = SilenceJson.ReadRequest(document.RootElement, "ann", "s1", Start);

        Assert.Null(silence);
        Assert.StartsWith(problem, found!.Detail, StringComparison.Ordinal);
    }

    private async Task SilenceAsync(string json)
    {
        using var document = JsonDocument.Parse(json);
        var (silence, problem) = SilenceJson.ReadRequest(document.RootElement, "ann", "s1", _clock.GetUtcNow());
        Assert.Null(problem);
        await _silences.AddAsync(silence!);
    }

    private Task ApplyAsync(params string[] types) => ApplyAsync("high", types);

    private async Task ApplyAsync(string severity, params string[] types)
    {
        if (severity.Contains('.', StringComparison.Ordinal))
        {
            (severity, types) = ("high", [severity, .. types]);
        }

        foreach (var type in types)
        {
            var id = $"e{_events++}";
            var json = SomeAlert.Event(type);
            json["id"] = id;
            json["severity"] = severity;
            var made = new DerivedEvent(id, type, _events, "prod", null, "i1", null, Encoding.UTF8.GetBytes(json.ToJsonString()));
            _post.Stored(await _state.ApplyAsync(_post.ToOutput(0, [made]), Token));
        }
    }

    private async Task<TimeSpan?> ServeAsync()
    {
        var sink = new ScriptedSink("pager", _clock, _ => ScriptedSink.Delivered);
        var metrics = new AlertMetrics([]);
        var lane = SomeLane.Of(sink, _state, metrics, _clock, SomeLane.Gate(_state, _clock, _book, _silences));
        TimeSpan? pause;
        while ((pause = await lane.ServeAsync(Token)) == TimeSpan.Zero)
        {
        }

        _taken.AddRange(sink.Attempts.Select(a => JsonDocument.Parse(a.Alert.Json).RootElement.GetProperty("type").GetString()!));
        return pause;
    }

    private async Task<List<string>> DeliveriesAsync() =>
        [.. (await _state.FindDeliveriesAsync("i1", Token)).Select(d => $"{d.State} {d.Held}".Trim())];
}
