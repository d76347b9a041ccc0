using System.Text.Json;
using Culprit.Engine.Extending;
using Culprit.Engine.Rules;
using Culprit.Server.Rules;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class TriggerDispatcherTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly RecordingOutput _output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatAHandlerPublishesFollowsFromTheFiring()
    {
        var handler = new ScriptedHandler((context, _) =>
        {
            context.Publish("order.called", json => json.WriteNumber("n", 1));
            return Task.FromResult(TriggerResult.Ack);
        });
        await using var run = await RunAsync(handler);

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));

        await UntilAsync(() => _output.Published.Count == 1);
        Assert.True(_output.Published.TryPeek(out var published));
        Assert.Equal(("1", "correlation", "order.called"), (published.CausationId, published.CorrelationId, published.Type));
        using var json = JsonDocument.Parse(published.Json);
        Assert.Equal("culprit:handler:handler", json.RootElement.GetProperty("source").GetString());
        Assert.Equal("1", json.RootElement.GetProperty("meta").GetProperty("causation_id").GetString());
    }

    [Fact]
    public async Task AFailedCallIsTriedAgainAndPublishesOnceWithTheSameId()
    {
        var ids = new List<string>();
        var handler = new ScriptedHandler((context, _) =>
        {
            ids.Add(context.Publish("x", _ => { }));
            return context.Attempt == 1 ? throw new InvalidOperationException("broken") : Task.FromResult(TriggerResult.Ack);
        });
        _output.FailNext(1);
        await using var run = await RunAsync(handler);

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));

        await AdvanceUntilAsync(() => !_output.Published.IsEmpty);
        Assert.Equal(["1#1", "1#2", "1#3"], handler.Calls);
        Assert.Single(ids.Distinct());
        Assert.Single(_output.Published);
    }

    [Fact]
    public async Task AfterTheLastAttemptAFiringIsADeadLetterAndItsScopeGoesOn()
    {
        var handler = new ScriptedHandler((context, _) =>
            Task.FromResult(context.Firing.Id == "1" ? TriggerResult.Nack("refused") : TriggerResult.Ack));
        await using var run = await RunAsync(handler, new TriggerOptions { MaxAttempts = 3 });

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));
        run.Dispatcher.TryPost(SomeRule.Firing("a", "2"));

        await AdvanceUntilAsync(() => run.Dispatcher.Counts.Waiting == 0 && !_output.Dead.IsEmpty);
        Assert.Equal(["1#1", "1#2", "1#3", "2#1"], handler.Calls);
        Assert.True(_output.Dead.TryPeek(out var dead));
        Assert.Equal(("1", "refused"), (dead.Work.Firing.Id, dead.Reason));
    }

    [Fact]
    public async Task AReplayedFiringThatFailsIsNotCalledAgainAndLeavesNoDeadLetter()
    {
        var handler = new ScriptedHandler((context, _) =>
            Task.FromResult(context.Firing.IsReplayed ? TriggerResult.Nack("refused", TimeSpan.Zero) : TriggerResult.Ack));
        await using var run = await RunAsync(handler);

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1") with { IsReplayed = true });
        run.Dispatcher.TryPost(SomeRule.Firing("a", "2"));

        await UntilAsync(() => run.Dispatcher.Counts.Waiting == 0); // The clock stands still: the present waits for no pause.
        Assert.Equal(["1#1", "2#1"], handler.Calls);
        Assert.Empty(_output.Dead);
        Assert.Equal((2L, 2L), run.Dispatcher.Progress);
    }

    [Fact]
    public async Task ScopesRunSideBySideAndOneScopeInOrder()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handler = new ScriptedHandler(async (context, _) =>
        {
            if (context.Firing.Id == "1")
            {
                await release.Task;
            }

            return TriggerResult.Ack;
        });
        await using var run = await RunAsync(handler);

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));
        run.Dispatcher.TryPost(SomeRule.Firing("a", "2"));
        run.Dispatcher.TryPost(SomeRule.Firing("b", "3"));

        await UntilAsync(() => handler.Calls.Contains("3#1") && handler.Calls.Contains("1#1"));
        Assert.DoesNotContain("2#1", handler.Calls);
        release.SetResult();
        await UntilAsync(() => handler.Calls.Contains("2#1"));
    }

    [Fact]
    public async Task ACallThatTakesTooLongIsCancelledAndFails()
    {
        var handler = new ScriptedHandler(async (context, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return TriggerResult.Ack;
        });
        await using var run = await RunAsync(handler, new TriggerOptions { MaxAttempts = 1 });

        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));

        await UntilAsync(() => !handler.Calls.IsEmpty);
        await AdvanceUntilAsync(() => !_output.Dead.IsEmpty);
        Assert.True(_output.Dead.TryPeek(out var dead));
        Assert.Equal("the handler took longer than 30 s", dead.Reason);
    }

    [Fact]
    public async Task AFiringWithoutItsHandlerDiesAndOneThatCallsNobodyIsDone()
    {
        await using var run = await RunAsync(new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Ack)), new TriggerOptions { MaxAttempts = 1 });
        var firing = SomeRule.Firing("a", "1");

        Assert.True(run.Dispatcher.TryPost(firing with { Rule = firing.Rule with { Call = null } }));
        Assert.Equal(0, run.Dispatcher.Counts.Waiting);
        run.Dispatcher.TryPost(firing with { Rule = firing.Rule with { Call = "gone" } });

        await UntilAsync(() => !_output.Dead.IsEmpty);
        Assert.True(_output.Dead.TryPeek(out var dead));
        Assert.Equal("there is no handler gone", dead.Reason);
    }

    [Fact]
    public async Task AFullQueueRefuses()
    {
        var handler = new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Nack("no")));
        await using var run = await RunAsync(handler, new TriggerOptions { MaxWaiting = 1 });

        Assert.True(run.Dispatcher.TryPost(SomeRule.Firing("a", "1")));
        Assert.False(run.Dispatcher.TryPost(SomeRule.Firing("a", "2")));

        Assert.Equal(1, run.Dispatcher.Counts.Refused);
    }

    [Fact]
    public async Task StoppingEndsACallWithoutADeadLetter()
    {
        var handler = new ScriptedHandler(async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return TriggerResult.Ack;
        });
        var run = await RunAsync(handler, new TriggerOptions { MaxAttempts = 1 });
        run.Dispatcher.TryPost(SomeRule.Firing("a", "1"));
        await UntilAsync(() => !handler.Calls.IsEmpty);

        await run.DisposeAsync();

        Assert.Empty(_output.Dead);
    }

    private async Task<Running> RunAsync(ITriggerHandler handler, TriggerOptions? options = null)
    {
        var dispatcher = new TriggerDispatcher([handler], _output, options ?? new TriggerOptions(), _clock, NullLogger<TriggerDispatcher>.Instance);
        await dispatcher.StartAsync(Token);
        return new Running(dispatcher);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Lets the clock run until the condition holds; real time does not matter.</summary>
    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }

    private sealed record Running(TriggerDispatcher Dispatcher) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Dispatcher.StopAsync(CancellationToken.None);
            Dispatcher.Dispose();
        }
    }
}
