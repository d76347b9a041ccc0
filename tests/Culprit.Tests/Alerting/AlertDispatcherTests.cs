using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Detection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertDispatcherTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly MemoryStateStore _state = new();
    private readonly AlertSignal _signal = new();
    private readonly AlertMetrics _metrics = new([]);
    private AlertDispatcher? _dispatcher;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_dispatcher is not null)
        {
            await _dispatcher.StopAsync(CancellationToken.None);
            _dispatcher.Dispose();
        }
    }

    [Fact]
    public async Task ANewAlertGoesOutWithoutAnyTimePassing()
    {
        var sink = Taking("hook");
        await StartAsync(_state, sink);

        await AddAsync("1", "hook");
        await UntilAsync(() => sink.Taken.Count() == 1);
        await AddAsync("2", "hook");
        await UntilAsync(() => sink.Taken.Count() == 2);

        Assert.Equal(["1", "2"], sink.Taken);
    }

    [Fact]
    public async Task ASlowSinkHoldsUpNoOther()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = new ScriptedSink("slow", _clock, async _ =>
        {
            await release.Task;
            return ScriptedSink.Delivered;
        });
        var fast = Taking("fast");
        await StartAsync(_state, slow, fast);

        await AddAsync("1", "slow", "fast");
        await AddAsync("2", "slow", "fast");
        await UntilAsync(() => fast.Taken.Count() == 2);

        Assert.Empty(slow.Attempts);
        release.SetResult();
        await UntilAsync(() => slow.Taken.Count() == 2);
    }

    [Fact]
    public async Task AFailedAttemptComesBackByTheClockAlone()
    {
        var failures = 3;
        var sink = new ScriptedSink("hook", _clock, _ => failures-- > 0 ? ScriptedSink.Down : ScriptedSink.Delivered);
        await StartAsync(_state, sink);

        await AddAsync("1", "hook");
        await AdvanceUntilAsync(() => sink.Taken.Any());

        Assert.Equal(4, sink.Attempts.Count);
    }

    [Fact]
    public async Task AStoreThatFailsDoesNotEndTheDelivery()
    {
        var sink = Taking("hook");
        await StartAsync(new CrashingStateStore(_state) { Crashes = 2 }, sink);

        await AddAsync("1", "hook");
        await AdvanceUntilAsync(() => sink.Taken.Count() == 3);
        await AddAsync("2", "hook");
        await AdvanceUntilAsync(() => sink.Taken.Contains("2"));

        Assert.Equal(["1", "1", "1", "2"], sink.Taken);
    }

    [Fact]
    public async Task AlertsOfARemovedSinkBecomeDeadLettersAndTheConsoleSaysSo()
    {
        await AddAsync("1", "old");
        await AddAsync("2", "old");
        var console = Taking("console");
        await StartAsync(_state, console);

        await UntilAsync(() => _metrics.GivenUp == 2 && console.Taken.Any());
        await AddAsync("3", "old", "console");
        await UntilAsync(() => _metrics.GivenUp == 3 && console.Taken.Contains("3"));

        var letters = await _state.ListDeadLettersAsync(10, Token);
        Assert.Equal(["1:old", "2:old", "3:old"], letters.Select(l => l.Id).Order());
        Assert.All(letters, l => Assert.Contains("no such sink", l.Reason, StringComparison.Ordinal));
        Assert.Equal(2, console.Taken.Count());

        // What the console took is written down a moment later.
        while ((await _state.WaitingSinksAsync(Token)).Count > 0)
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private ScriptedSink Taking(string name) => new(name, _clock, _ => ScriptedSink.Delivered);

    private async Task StartAsync(IStateStore state, params ScriptedSink[] sinks)
    {
        _dispatcher = new AlertDispatcher(state, sinks, _ => ["console"], SomeLane.Gate(state, _clock), _signal, _metrics, _clock, NullLoggerFactory.Instance);
        await _dispatcher.StartAsync(Token);
    }

    private async Task AddAsync(string id, params string[] sinks)
    {
        await _state.ApplyAsync(new EngineOutput(1, [], [.. sinks.Select(s => new OutboxItem(id, s, "incident", default, 0))]), Token);
        _signal.Wake();
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
}
