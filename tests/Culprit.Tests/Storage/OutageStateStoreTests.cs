using System.Reflection;
using System.Text;
using Culprit.Engine.Storage;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.Storage;

/// <summary>While the database is away findings are held and alerts go out; when it is back it has everything once, in order.</summary>
public sealed class OutageStateStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Now);
    private readonly MemoryStateStore _memory = new();
    private readonly Switch _switch;
    private readonly OutageStateStore _store;

    public OutageStateStoreTests()
    {
        var inner = DispatchProxy.Create<IStateStore, Switch>();
        _switch = (Switch)(object)inner;
        _switch.Inner = _memory;
        _store = new OutageStateStore(inner, _clock, NullLogger<OutageStateStore>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task AlertsOfNewIncidentsGoOutAndTheDatabaseHearsOfItLater()
    {
        await ApplyAsync(1, Alert("old-1", "slack", "old"));
        _switch.IsAway = true;

        Assert.Equal(["a", "b"], (await ApplyAsync(2, Alert("new-1", "slack", "new"), Alert("old-2", "slack", "old", "resolved"))).Select(e => e.Id));
        Assert.Empty(await ApplyAsync(3));
        Assert.Equal(["new-1"], await DueAsync("slack"));
        await _store.MarkFailedAsync("new-1", "slack", Now, Now.AddSeconds(5), "HTTP 503", Token);
        Assert.Empty(await DueAsync("slack"));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await _store.MarkDeliveredAsync("new-1", "slack", DateTimeOffset.UnixEpoch, Token);
        Assert.Empty(await DueAsync("slack"));
        await ApplyAsync(4, Alert("new-2", "mail", "new", "resolved"));
        Assert.Equal(["new-2"], await DueAsync("slack"));
        Assert.Empty(await _memory.FindAsync(new DerivedQuery { Types = ["held"] }, Token));

        _switch.IsAway = false;
        await HandedOverAsync(4);

        Assert.Equal(["old-1"], (await _memory.DueAlertsAsync("slack", _clock.GetUtcNow(), 10, Token)).Where(a => a.IncidentId == "old").Select(a => a.Id));
        Assert.DoesNotContain("new-1", (await _memory.DueAlertsAsync("slack", _clock.GetUtcNow(), 10, Token)).Select(a => a.Id));
        Assert.Equal(["a", "b"], (await _memory.FindAsync(new DerivedQuery { OldestFirst = true, Types = ["held"] }, Token)).Select(r => r.Event.Id));
    }

    [Fact]
    public async Task NoSnapshotIsSavedBeforeTheDatabaseHasWhatComesBefore()
    {
        _switch.IsAway = true;
        await ApplyAsync(2);
        await RefusedAsync(2); // Now whoever hands over pauses by the fake clock.
        _switch.IsAway = false;
        var snapshot = new EngineSnapshot(1, 2, new byte[] { 1 });
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.SaveSnapshotAsync(snapshot, Token));

        await HandedOverAsync(2);
        await _store.SaveSnapshotAsync(snapshot, Token);

        Assert.Equal(2, (await _memory.LoadSnapshotAsync(Token))!.Sequence);
    }

    [Fact]
    public async Task WhoeverDeliversLooksAgainSoonAndQuestionsFail()
    {
        _switch.IsAway = true;

        Assert.Empty(await DueAsync("slack"));
        Assert.Empty(await _store.WaitingSinksAsync(Token));
        Assert.Equal(Now.AddSeconds(1), await _store.NextAlertAsync("slack", Token));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.FindAsync(new DerivedQuery(), Token));
    }

    [Fact]
    public async Task WhatIsHeldHasALimitAtWhichTheEngineWaits()
    {
        _switch.IsAway = true;
        var large = new DerivedEvent("x", "held", 0, "production", null, null, null, new byte[9 * 1024 * 1024]);
        await _store.ApplyAsync(new EngineOutput(1, [large], []), Token);
        await _store.ApplyAsync(new EngineOutput(2, [large with { Id = "y" }], []), Token);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => ApplyAsync(3));

        _switch.IsAway = false;
        await HandedOverAsync(2);
        await ApplyAsync(3);
        Assert.Equal(3, await _memory.GetEnginePositionAsync(Token));
    }

    private static OutboxItem Alert(string id, string sink, string incident, string word = "firing") =>
        new(id, sink, incident, Encoding.UTF8.GetBytes($$"""{"type":"alert.{{word}}"}"""), 0);

    /// <summary>Two events of a kind of their own, the same with every output.</summary>
    private Task<IReadOnlyList<DerivedEvent>> ApplyAsync(long sequence, params OutboxItem[] alerts) => _store.ApplyAsync(
        new EngineOutput(
            sequence,
            sequence == 1 ? [] : [.. ((string[])["a", "b"]).Select(id => new DerivedEvent(id, "held", 0, "production", null, null, null, new byte[] { (byte)'{', (byte)'}' }))],
            alerts),
        Token);

    private async Task<List<string>> DueAsync(string sink) =>
        [.. (await _store.DueAlertsAsync(sink, _clock.GetUtcNow(), 10, Token)).Select(a => a.Id)];

    private async Task RefusedAsync(int calls)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (_switch.Refused < calls)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task HandedOverAsync(long sequence)
    {
        // The pauses between tries are of the fake clock, the work is not.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (await _memory.GetEnginePositionAsync(limit.Token) < sequence)
        {
            limit.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(8));
            await Task.Yield();
        }

        while ((await Record.ExceptionAsync(() => _store.SaveSnapshotAsync(new EngineSnapshot(1, 0, default), limit.Token))) is not null)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

#pragma warning disable CA1852 // The proxy derives from it.
    internal class Switch : DispatchProxy
#pragma warning restore CA1852
    {
        public IStateStore Inner { get; set; } = null!;

        public bool IsAway { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        private int _refused;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (!IsAway)
            {
                return targetMethod!.Invoke(Inner, args);
            }

            Interlocked.Increment(ref _refused);
            throw new StoreUnavailableException("away");
        }
    }
}
