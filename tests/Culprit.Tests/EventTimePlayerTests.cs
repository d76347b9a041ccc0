using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;

namespace Culprit.Tests;

public class EventTimePlayerTests
{
    private readonly List<DerivedEvent> _events = [];
    private readonly Pipeline _pipeline = new(new PipelineOptions(), 1, new RootCauseRanker(RunbookLibrary.Empty));
    private readonly EventTimePlayer _player;

    public EventTimePlayerTests() => _player = new EventTimePlayer(_pipeline, _events.AddRange);

    [Fact]
    public void TicksFollowTheRecordsAndTheEndLetsEverythingEnd()
    {
        Play(Enumerable.Range(0, 5).Select(i => Some.Error(i)).ToArray());

        _player.Finish();

        Assert.Contains(_events, e => e.Type == "log.anomaly");
        Assert.Contains(_events, e => e.Type == "incident.resolved");
        Assert.Contains(_events, e => e.Type == "log.summary");
        Assert.Equal(Some.At(4 + EventTimePlayer.MaxSilentSeconds), _pipeline.TickNanos);
    }

    [Fact]
    public void TheEndOfTheRecordsIsNoSilence()
    {
        Play(Enumerable.Range(0, 1200).Select(i => Some.Log(i)).ToArray());

        _player.Finish();

        Assert.DoesNotContain(_events, e => e.Type == "log.anomaly");
    }

    [Fact]
    public void AYearOfSilenceCostsNoMoreThanAQuarterOfAnHour()
    {
        const double Year = 365 * 86_400;

        Play(Some.Log(0), Some.Log(Year));

        Assert.Equal(Some.At(Year), _pipeline.TickNanos);
    }

    [Fact]
    public void HowTheRecordsAreCutChangesNothing()
    {
        var entries = Enumerable.Range(0, 300).Select(i => i % 9 == 0 ? Some.Error(i * 0.1) : Some.Log(i * 0.1)).ToArray();
        Play(entries);
        var whole = _events.Select(e => e.Id).ToList();
        var other = new List<DerivedEvent>();
        var player = new EventTimePlayer(new Pipeline(new PipelineOptions(), 1, new RootCauseRanker(RunbookLibrary.Empty)), other.AddRange);
        var batch = Some.Batch(1, entries);
        var keys = entries.Select(e => e.TimestampNanos).ToArray();
        var annotations = new BatchAnnotations(batch.Count);

        for (var i = 0; i < entries.Length; i += 7)
        {
            player.Play(batch, keys, i, Math.Min(7, entries.Length - i), annotations);
        }

        Assert.Equal(whole, other.Select(e => e.Id));
    }

    /// <summary>What a backtest rests on.</summary>
    [Fact]
    public void ThePastGivesTheSameEventsAsWhenItWasThePresent()
    {
        var entries = Enumerable.Range(0, 9000)
            .Select(i => i >= 7200 && i % 4 == 0 ? Some.Error(i * 0.1, "user-service", $"connection {i} to orders-db refused") : Some.Log(i * 0.1)).ToArray();
        var live = new List<DerivedEvent>();
        var pipeline = new Pipeline(new PipelineOptions(), 1, new RootCauseRanker(RunbookLibrary.Empty));
        live.AddRange(pipeline.Tick(Some.At(0)));
        for (var second = 0; second < 900; second++)
        {
            live.AddRange(pipeline.Process(Some.Batch(1 + (second * 10), [.. entries.Skip(second * 10).Take(10)]), new BatchAnnotations(10)));
            live.AddRange(pipeline.Tick(Some.At(second + 1)));
        }

        Play(entries);

        var end = Some.At(899);
        Assert.Contains(live, e => e.Type == "log.root_cause");
        Assert.Equal(
            live.Where(e => e.TimestampNanos <= end).Select(e => System.Text.Encoding.UTF8.GetString(e.Json.Span)),
            _events.Where(e => e.TimestampNanos <= end).Select(e => System.Text.Encoding.UTF8.GetString(e.Json.Span)));
    }

    private void Play(params Entry[] entries)
    {
        var batch = Some.Batch(1, entries);
        _player.Play(batch, entries.Select(e => e.TimestampNanos).ToArray(), 0, batch.Count, new BatchAnnotations(batch.Count));
    }
}
