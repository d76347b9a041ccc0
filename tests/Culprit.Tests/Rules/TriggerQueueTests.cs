using CsCheck;
using Culprit.Engine.Rules;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class TriggerQueueTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void OneScopeIsHandledInOrderAndOthersBesideIt()
    {
        var queue = Queue(new TriggerOptions(), ("a", "1"), ("a", "2"), ("b", "3"));

        var first = queue.TryTake(Noon);
        var second = queue.TryTake(Noon);

        Assert.Equal("1", first!.Firing.Id);
        Assert.Equal("3", second!.Firing.Id);
        Assert.Null(queue.TryTake(Noon));
        queue.Complete(first, TriggerResult.Ack, Noon);
        Assert.Equal("2", queue.TryTake(Noon)!.Firing.Id);
    }

    [Fact]
    public void NoMoreCallsRunThanAllowed()
    {
        var queue = Queue(new TriggerOptions { MaxParallel = 2 }, ("a", "1"), ("b", "2"), ("c", "3"));

        var taken = new[] { queue.TryTake(Noon), queue.TryTake(Noon), queue.TryTake(Noon) };

        Assert.NotNull(taken[1]);
        Assert.Null(taken[2]);
        queue.Complete(taken[0]!, TriggerResult.Ack, Noon);
        Assert.Equal("3", queue.TryTake(Noon)!.Firing.Id);
    }

    [Fact]
    public void PausesDoubleAndTheLastFailureIsDeath()
    {
        var queue = Queue(new TriggerOptions { MaxAttempts = 4 }, ("a", "1"), ("a", "2"));
        var now = Noon;
        var pauses = new List<double>();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var work = queue.TryTake(now)!;
            Assert.Equal((attempt, "1"), (work.Attempt, work.Firing.Id));
            Assert.Equal(TriggerOutcome.WillRetry, queue.Complete(work, TriggerResult.Nack("no"), now));
            pauses.Add((queue.NextDue!.Value - now).TotalSeconds);
            Assert.Null(queue.TryTake(queue.NextDue.Value - TimeSpan.FromTicks(1)));
            now = queue.NextDue.Value;
        }

        Assert.InRange(pauses[0], 1, 1.2);
        Assert.InRange(pauses[1], 2, 2.4);
        Assert.InRange(pauses[2], 4, 4.8);
        Assert.Equal(TriggerOutcome.Dead, queue.Complete(queue.TryTake(now)!, TriggerResult.Nack("no"), now));
        Assert.Equal("2", queue.TryTake(now)!.Firing.Id);
    }

    [Fact]
    public void AFiringThatWaitsForItsNextAttemptIsNotSettledAndNeitherAreLaterOnes()
    {
        var queue = Queue(new TriggerOptions { MaxAttempts = 2 }, ("a", "1"), ("b", "2"));
        var settled = new List<long> { queue.Settled };

        var first = queue.TryTake(Noon)!;
        queue.Complete(queue.TryTake(Noon)!, TriggerResult.Ack, Noon);
        settled.Add(queue.Settled);
        queue.Complete(first, TriggerResult.Nack("no"), Noon);
        settled.Add(queue.Settled);
        queue.Complete(queue.TryTake(Noon.AddMinutes(1))!, TriggerResult.Nack("no"), Noon.AddMinutes(1));
        settled.Add(queue.Settled);

        Assert.Equal([0, 0, 0, 2], settled);
        Assert.Equal(2, queue.Posted);
    }

    [Fact]
    public void AHandlerMaySayWhenToComeBackWithinBounds()
    {
        var queue = Queue(new TriggerOptions { LongestPause = TimeSpan.FromSeconds(60) }, ("a", "1"), ("b", "2"), ("c", "3"));

        queue.Complete(queue.TryTake(Noon)!, TriggerResult.Nack("later", TimeSpan.FromSeconds(7)), Noon);
        Assert.Equal(Noon.AddSeconds(7), queue.NextDue);
        queue.Complete(queue.TryTake(Noon)!, TriggerResult.Nack("later", TimeSpan.FromSeconds(-7)), Noon);
        Assert.Equal(Noon, queue.NextDue);
        queue.Complete(queue.TryTake(Noon)!, TriggerResult.Nack("much later", TimeSpan.FromDays(7)), Noon);

        var last = queue.TryTake(Noon.AddSeconds(60));
        Assert.NotNull(last);
    }

    [Fact]
    public void AFullQueueRefusesAndCounts()
    {
        var queue = Queue(new TriggerOptions { MaxWaiting = 2 }, ("a", "1"), ("a", "2"));

        Assert.False(queue.TryAdd(SomeRule.Firing("b", "3")));
        Assert.Equal((2, 1L), (queue.Waiting, queue.Refused));
    }

    [Fact]
    public void EveryFiringEndsOnceAndItsScopeStaysInOrder() => Gen.Select(Gen.Int[0, 3].Array[0, 30], Gen.Int[0, 2].Array[1, 50]).Sample(
        (scopes, fates) =>
        {
            var options = new TriggerOptions { MaxParallel = 2, MaxAttempts = 3 };
            var queue = Queue(options, [.. scopes.Select((s, i) => ($"s{s}", $"{i}"))]);
            var ended = new List<(string Scope, int Id)>();
            var running = new List<TriggerWork>();
            var now = Noon;
            for (var step = 0; queue.Waiting > 0; step++)
            {
                Assert.True(step < 1000);
                if (queue.TryTake(now) is { } work)
                {
                    Assert.DoesNotContain(running, r => r.Firing.ScopeKey == work.Firing.ScopeKey);
                    running.Add(work);
                }
                else if (running.Count > 0)
                {
                    var done = running[step % running.Count];
                    running.Remove(done);
                    var result = fates[step % fates.Length] == 0 ? TriggerResult.Nack("no") : TriggerResult.Ack;
                    if (queue.Complete(done, result, now) != TriggerOutcome.WillRetry)
                    {
                        ended.Add((done.Firing.ScopeKey, int.Parse(done.Firing.Id, System.Globalization.CultureInfo.InvariantCulture)));
                    }
                }
                else
                {
                    now = queue.NextDue!.Value;
                }
            }

            Assert.Equal(scopes.Length, ended.Count);
            Assert.All(ended.GroupBy(e => e.Scope), g => Assert.Equal(g.Select(e => e.Id).Order(), g.Select(e => e.Id)));
        },
        iter: 1000);

    private static TriggerQueue Queue(TriggerOptions options, params (string Scope, string Id)[] firings)
    {
        var queue = new TriggerQueue(options);
        foreach (var (scope, id) in firings)
        {
            Assert.True(queue.TryAdd(SomeRule.Firing(scope, id)));
        }

        return queue;
    }
}
