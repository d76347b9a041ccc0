using System.Text;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Detection.FlowBreak;
using Culprit.Engine.Flows;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

/// <summary>Orders whose ids stand in the messages only, through the whole pipeline.</summary>
public sealed class FlowBreakTests
{
    private const int FaultAt = 1200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void OrdersThatStopBecomeOneIncidentThatSaysWhere(int seed)
    {
        var events = Run(Orders(seed, until: FaultAt + 300, stops: 0.3));

        var found = Assert.Single(events, IsFlowBreak);
        using var anomaly = JsonDocument.Parse(found.Json);
        var observed = anomaly.RootElement.GetProperty("observed").GetString();
        Assert.Contains("ends after 'charged <*>' of card with 2 of 3 usual steps", observed, StringComparison.Ordinal);
        Assert.Contains("go on to 'shipped <*>' of ship", observed, StringComparison.Ordinal);
        Assert.Equal(["ship", "card"], anomaly.RootElement.GetProperty("services").EnumerateArray().Select(s => s.GetString()));
        Assert.InRange(anomaly.RootElement.GetProperty("detected_at").GetDateTimeOffset() - Some.Noon, TimeSpan.FromSeconds(FaultAt + 120), TimeSpan.FromSeconds(FaultAt + 170));
        Assert.Single(events, e => e.Type == "incident.opened");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AsManyOddOrdersAsAlwaysAreNoIncident(int seed) =>
        Assert.DoesNotContain(Run(Orders(seed, until: 2400, stops: 0)), IsFlowBreak);

    [Fact]
    public void OneOrderThatStopsIsNoIncident() =>
        Assert.DoesNotContain(Run(Orders(5, until: 1500, stops: 0).Where(e => !(e.Message == "shipped ord-12600"))), IsFlowBreak);

    [Fact]
    public void StepsThatComeLateBecomeAnAnomalyOfLatency()
    {
        var found = Run(Orders(6, until: FaultAt + 300, stops: 0, delay: 4)).First(IsFlowBreak);

        using var anomaly = JsonDocument.Parse(found.Json);
        Assert.Equal("latency_spike", anomaly.RootElement.GetProperty("anomaly_type").GetString());
        Assert.Contains("step 'shipped <*>' of ship", anomaly.RootElement.GetProperty("observed").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void NeitherBatchesNorASnapshotChangeAnything()
    {
        var orders = Orders(7, until: FaultAt + 240, stops: 0.4).ToList();

        var straight = Run(orders).Select(Text).ToList();

        Assert.Contains(straight, j => j.Contains(FlowBreakDetector.Name, StringComparison.Ordinal));
        Assert.Equal(straight, Run(orders, batchSize: 1).Select(Text));
        Assert.Equal(straight, Run(orders, restoreEach: 97).Select(Text));
    }

    private static bool IsFlowBreak(DerivedEvent derived) =>
        derived.Type == "log.anomaly" && Text(derived).Contains(FlowBreakDetector.Name, StringComparison.Ordinal);

    private static string Text(DerivedEvent derived) => Encoding.UTF8.GetString(derived.Json.Span);

    private static List<DerivedEvent> Run(IEnumerable<Entry> entries, int batchSize = int.MaxValue, int restoreEach = int.MaxValue)
    {
        var pipeline = New();
        var events = new List<DerivedEvent>();
        var sequence = 1L;
        var bySecond = entries.GroupBy(e => e.TimestampNanos / 1_000_000_000).ToDictionary(g => g.Key, g => g.ToArray());
        for (var second = bySecond.Keys.Min(); second <= bySecond.Keys.Max(); second++)
        {
            foreach (var chunk in bySecond.GetValueOrDefault(second, []).Chunk(Math.Min(batchSize, 10_000)))
            {
                var batch = Some.Batch(sequence, chunk);
                events.AddRange(pipeline.Process(batch, new BatchAnnotations(batch.Count)));
                sequence += chunk.Length;
            }

            events.AddRange(pipeline.Tick((second + 1) * 1_000_000_000));
            if (second % restoreEach == restoreEach - 1)
            {
                var snapshot = pipeline.ToSnapshot();
                pipeline = New();
                Assert.True(pipeline.TryRestore(Pipeline.SnapshotVersion, snapshot));
            }
        }

        return events;
    }

    private static Pipeline New() => new(new PipelineOptions(), 42, new RootCauseRanker(RunbookLibrary.Empty));

    /// <summary>Ten orders a second; one in a hundred is cancelled, one in fifty is retried.</summary>
    private static IEnumerable<Entry> Orders(int seed, int until, double stops, double delay = 0)
    {
        var random = new Random(seed);
        var lines = new List<Entry>();
        for (var i = 0; i < 10 * until; i++)
        {
            var at = i / 10.0;
            var isCancelled = random.Next(100) == 0;
            var isRetried = random.Next(50) == 0;
            lines.Add(Some.Log(at, "cart", $"accepted ord-{i}"));
            lines.Add(Some.Log(at += 0.1 + (random.NextDouble() * 0.2), "card", isCancelled ? $"declined ord-{i}" : $"charged ord-{i}"));
            if (isRetried)
            {
                lines.Add(Some.Log(at += 0.2, "card", $"again charged ord-{i}"));
            }

            if (!isCancelled && !(at > FaultAt && random.NextDouble() < stops))
            {
                lines.Add(Some.Log(at + 0.3 + (random.NextDouble() * 0.4) + (at > FaultAt ? delay * random.NextDouble() : 0), "ship", $"shipped ord-{i}"));
            }
        }

        return lines.Where(l => l.TimestampNanos < Some.At(until)).OrderBy(l => l.TimestampNanos);
    }
}
