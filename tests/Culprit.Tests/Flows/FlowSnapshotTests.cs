using Culprit.Engine;
using Culprit.Engine.Flows;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Flows;

/// <summary>Going on from a snapshot gives the verdicts of never having stopped.</summary>
public sealed class FlowSnapshotTests
{
    [Theory]
    [InlineData(1, 200_000, 0, 120)]
    [InlineData(29, 200_000, 0, 600)]
    [InlineData(197, 200_000, 0, 1500)]
    [InlineData(97, 400, 0, 1500)]
    [InlineData(97, 200_000, 1, 900)]
    public void RestoringAtAnyPointChangesNoVerdict(int restoreEach, int maxSessions, int maxNewPerSecond, int sessions)
    {
        var options = new FlowOptions { MaxSessions = maxSessions, MaxNewPerSecond = maxNewPerSecond };
        var lines = Traffic(sessions, maxNewPerSecond > 0 ? 0.05 : 3);
        var straight = new FlowPlay(options).Play(lines);

        var restored = new FlowPlay(options).Play(lines, restoreEach);

        Assert.Equal(straight.Show(), restored.Show());
        Assert.Contains(straight.Verdicts, v => maxNewPerSecond > 0 || maxSessions < 1000 || sessions < 600 || v.IsAnomalous);
        Assert.Equal(
            (straight.Stage.Unfollowed, straight.Stage.SampledOut, straight.Stage.TakenEarly, straight.Stage.Forgotten),
            (restored.Stage.Unfollowed, restored.Stage.SampledOut, restored.Stage.TakenEarly, restored.Stage.Forgotten));
        Assert.Equal(straight.Stage.ToSnapshot().Length, restored.Stage.ToSnapshot().Length);
    }

    [Fact]
    public void ADamagedSnapshotIsRefused()
    {
        var snapshot = new FlowPlay().Play(Traffic(50)).Stage.ToSnapshot();
        for (var at = 0; at < snapshot.Length; at += 31)
        {
            var damaged = snapshot.ToArray();
            damaged[at] ^= 4;
            Assert.False(new FlowPlay().Stage.TryRestore(damaged));
            Assert.False(new FlowPlay().Stage.TryRestore(snapshot.AsSpan(0, at)));
        }
    }

    [Fact]
    public void ThePipelinesSnapshotHasTheSessions()
    {
        var entries = Traffic(400).OrderBy(l => l.Second).Select(l => Some.Log(l.Second, l.Step, $"order {l.Id} says {l.Step}")).ToArray();

        Assert.Equal(Sessions(entries, int.MaxValue), Sessions(entries, 3));
    }

    private static List<string> Sessions(Entry[] entries, int restoreEach)
    {
        var pipeline = New();
        foreach (var (index, chunk) in entries.Chunk(100).Index())
        {
            var batch = Some.Batch(1 + (index * 101), chunk);
            pipeline.Process(batch, new BatchAnnotations(batch.Count));
            pipeline.Tick(batch.ReceivedNanos);
            if (index % restoreEach == restoreEach - 1)
            {
                var snapshot = pipeline.ToSnapshot();
                pipeline = New();
                Assert.True(pipeline.TryRestore(Pipeline.SnapshotVersion, snapshot));
            }
        }

        var sessions = pipeline.Sessions(isEnd: true).Select(v => $"{v.Session} {v.IsAnomalous} {v.IsFirstAnomalous} {v.Explanation}").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(400, sessions.Count);
        return sessions;
    }

    private static Pipeline New() => new(new PipelineOptions { Flows = new FlowOptions() }, 42, new RootCauseRanker(RunbookLibrary.Empty));

    private static List<FlowLine> Traffic(int sessions, double every = 3)
    {
        var random = new Random(9);
        var lines = new List<FlowLine>();
        for (var i = 0; i < sessions; i++)
        {
            string[] steps = random.Next(100) switch
            {
                0 => ["cart"],
                1 => ["cart", "pay", "refund"],
                < 50 => ["cart", "coupon", "pay", "ship"],
                _ => ["cart", "pay", "ship"],
            };
            var second = i * every;
            foreach (var step in steps)
            {
                lines.Add(new FlowLine(second, $"ord-{1000 + i}", step));
                second += random.Next(200) == 0 ? 60 : 0.4 + (0.2 * random.NextDouble());
            }
        }

        return lines;
    }
}
