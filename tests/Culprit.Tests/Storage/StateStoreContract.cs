using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

/// <summary>What every state store does.</summary>
public abstract class StateStoreContract : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 9, 21, 14, 0, 0, TimeSpan.Zero);

    private IStateStore? _store;

    internal IStateStore Store => _store ?? throw new InvalidOperationException("Not opened.");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task ANewStoreIsEmpty()
    {
        Assert.Equal(0, await Store.GetEnginePositionAsync(Token));
        Assert.Empty(await Store.FindAsync(new DerivedQuery(), Token));
        Assert.Null(await Store.FindByIdAsync("x", Token));
        Assert.Null(await Store.LoadSnapshotAsync(Token));
        Assert.Empty(await DueAsync(Now));
        Assert.Null(await Store.NextAlertAsync("slack", Token));
        Assert.Empty(await Store.WaitingSinksAsync(Token));
        Assert.Empty(await Store.ListDeadLettersAsync(10, Token));
    }

    [Fact]
    public async Task OutputIsAppliedOncePerId()
    {
        var first = await ApplyAsync(10, Event("a"), Event("b"));
        var again = await ApplyAsync(12, Event("b", json: "{\"other\":1}"), Event("c"));

        Assert.Equal(["a", "b"], first.Select(e => e.Id));
        Assert.Equal(["c"], again.Select(e => e.Id));
        Assert.Equal(12, await Store.GetEnginePositionAsync(Token));
        Assert.Equal("{}", JsonOf(await Store.FindByIdAsync("b", Token)));
    }

    [Fact]
    public async Task AliasesAreKeptAndOnlyWhatIsNewIsReadAgain()
    {
        var one = new NamedAlias(new PatternId(1), new PatternId(ulong.MaxValue), "a <*>");
        var two = one with { Old = new PatternId(2) };
        var changed = two with { Current = new PatternId(3), Text = "b" };
        await Store.ApplyAsync(new EngineOutput(1, [], []) { Aliases = [one, two] }, Token);
        var first = await Store.FindAliasesAsync(0, Token);
        await Store.ApplyAsync(new EngineOutput(2, [], []) { Aliases = [one, changed] }, Token);

        Assert.Equal([one, two], first.Select(r => r.Alias));
        Assert.Equal([changed], (await Store.FindAliasesAsync(first[^1].Row, Token)).Select(r => r.Alias));
        Assert.Equal(2, (await Store.FindAliasesAsync(0, Token)).Count);
    }

    [Fact]
    public async Task AReplayNeverMovesThePositionBack()
    {
        await ApplyAsync(10);
        await ApplyAsync(7);

        Assert.Equal(10, await Store.GetEnginePositionAsync(Token));
    }

    [Fact]
    public async Task EveryFieldReadsBackAndNullStaysNull()
    {
        var full = new DerivedEvent("a", "log.anomaly", -5, "prod", "api", "incident", "cause", Utf8("{\"ü\":\"'\"}"));
        var bare = new DerivedEvent("b", "log.summary", long.MaxValue, "prod", null, null, null, Utf8("{}"));
        await ApplyAsync(1, full, bare);

        foreach (var expected in (DerivedEvent[])[full, bare])
        {
            var found = await Store.FindByIdAsync(expected.Id, Token);

            Assert.NotNull(found);
            Assert.Equal(expected with { Json = default }, found with { Json = default });
            Assert.Equal(JsonOf(expected), JsonOf(found));
        }
    }

    [Fact]
    public async Task EveryFilterNarrowsTheAnswer()
    {
        await ApplyAsync(
            1,
            Event("a", "log.anomaly", 100, service: "api", correlation: "i1", json: """{"text":"100% Of_It's"}"""),
            Event("b", "log.root_cause", 200, service: "db", correlation: "i1"),
            Event("c", "log.summary", 300, environment: "staging", json: """{"text":"ÜBER"}"""));

        Assert.Equal(["c", "b", "a"], await FindAsync(new DerivedQuery()));
        Assert.Equal(["a", "b", "c"], await FindAsync(new DerivedQuery { OldestFirst = true }));
        Assert.Equal(["b", "a"], await FindAsync(new DerivedQuery { Types = ["log.anomaly", "log.root_cause", "x"] }));
        Assert.Empty(await FindAsync(new DerivedQuery { Types = [] }));
        Assert.Equal(["b"], await FindAsync(new DerivedQuery { Service = "db" }));
        Assert.Equal(["c"], await FindAsync(new DerivedQuery { Environment = "staging" }));
        Assert.Equal(["b", "a"], await FindAsync(new DerivedQuery { CorrelationId = "i1" }));
        Assert.Equal(["b"], await FindAsync(new DerivedQuery { FromNanos = 200, ToNanos = 300 }));
        Assert.Equal(["c"], await FindAsync(new DerivedQuery { Limit = 1 }));
        Assert.Equal(["a"], await FindAsync(new DerivedQuery { Text = "100% of_it'" }));
        Assert.Empty(await FindAsync(new DerivedQuery { Text = "100_ of" }));
        Assert.Equal(["c"], await FindAsync(new DerivedQuery { Text = "ÜbEr" }));
        Assert.Empty(await FindAsync(new DerivedQuery { Text = "über" }));
        Assert.Empty(await FindAsync(new DerivedQuery { Service = "x' OR '1'='1" }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PagesJoinUpWithEqualTimestamps(bool oldestFirst)
    {
        await ApplyAsync(1, [.. Enumerable.Range(0, 25).Select(i => Event($"e{i:00}", timestamp: i % 3))]);
        var expected = Enumerable.Range(0, 25).OrderBy(i => (i % 3, i)).Select(i => $"e{i:00}").ToList();
        if (!oldestFirst)
        {
            expected.Reverse();
        }

        var found = new List<string>();
        var query = new DerivedQuery { OldestFirst = oldestFirst, Limit = 4 };
        while (await Store.FindAsync(query, Token) is { Count: > 0 } page)
        {
            found.AddRange(page.Select(r => r.Event.Id));
            query = query with { After = (page[^1].Event.TimestampNanos, page[^1].Row) };
        }

        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task AlertsOfOneIncidentGoToASinkInOrder()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i1"), Alert("3", "mail", "i3"), Alert("4", "slack", "i2"));
        Assert.Equal(["3>mail", "1>slack", "4>slack"], await DueAsync(Now));

        await Store.MarkFailedAsync("1", "slack", Now, Now.AddSeconds(5), "HTTP 503", Token);
        Assert.Equal(["3>mail", "4>slack"], await DueAsync(Now));
        Assert.Equal(["3>mail", "4>slack"], await DueAsync(Now.AddSeconds(4)));

        var retried = (await Store.DueAlertsAsync("slack", Now.AddSeconds(5), 10, Token))[0];
        Assert.Equal(("1", "slack", 1), (retried.Id, retried.Sink, retried.Attempts));
        Assert.Equal("{\"alert\":1}", Encoding.UTF8.GetString(retried.Json.Span));

        await Store.MarkDeliveredAsync("1", "slack", DateTimeOffset.UnixEpoch, Token);
        Assert.Equal(["3>mail", "2>slack", "4>slack"], await DueAsync(Now));
    }

    [Fact]
    public async Task ASinkThatHeardOfAnIncidentHearsOfItsEnd()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("1", "mail", "i1"), Alert("2", "pager", "i1"), Alert("3", "slack", "i2"));
        foreach (var sink in (string[])["slack", "mail"])
        {
            await Store.MarkDeliveredAsync("1", sink, DateTimeOffset.UnixEpoch, Token);
        }

        Assert.Equal(["2>mail", "2>pager", "2>slack", "3>slack"], await DueAsync(Now));

        await ApplyAlertsAsync(Alert("4", "console", "i1"));
        foreach (var sink in (string[])["slack", "mail", "pager"])
        {
            await Store.MarkDeliveredAsync("2", sink, DateTimeOffset.UnixEpoch, Token);
        }

        Assert.Equal(["4>console", "4>mail", "4>pager", "3>slack", "4>slack"], await DueAsync(Now));
    }

    [Fact]
    public async Task AReplayUnderOtherRoutesSendsNothingOldToNewSinks()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await ApplyAlertsAsync(Alert("2", "pager", "i1"));

        await ApplyAlertsAsync(Alert("1", "mail", "i1"), Alert("2", "mail", "i1"));

        Assert.Equal(["pager", "slack"], (await Store.WaitingSinksAsync(Token)).Order());
        Assert.Equal(["2>pager", "1>slack"], await DueAsync(Now));
    }

    [Fact]
    public async Task TheNextTryIsTheEarliestThatMayGoOut()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i1"), Alert("3", "slack", "i2"));
        await Store.MarkFailedAsync("1", "slack", Now, Now.AddSeconds(9), "HTTP 503", Token);
        await Store.MarkFailedAsync("3", "slack", Now, Now.AddSeconds(60), "HTTP 503", Token);
        await Store.MarkFailedAsync("1", "slack", Now.AddSeconds(9), Now.AddSeconds(20), "HTTP 503", Token);

        Assert.Equal(Now.AddSeconds(20), await Store.NextAlertAsync("slack", Token));
        Assert.Null(await Store.NextAlertAsync("mail", Token));
        var retried = Assert.Single(await Store.DueAlertsAsync("slack", Now.AddSeconds(20), 10, Token));
        Assert.Equal((2, Now), (retried.Attempts, retried.FailingSince));
    }

    [Fact]
    public async Task AnAlertGivenUpLeavesALetterAndLetsTheNextGo()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i1"));

        for (var i = 0; i < 2; i++)
        {
            await Store.GiveUpAsync("1", "slack", new DeadLetter("1:slack", Now, "gone", new byte[] { 7 }), Token);
        }

        Assert.Equal(["2>slack"], await DueAsync(Now));
        Assert.Equal("1:slack", Assert.Single(await Store.ListDeadLettersAsync(10, Token)).Id);
    }

    [Fact]
    public async Task ASinkThatNeverGotAnAlertOfAnIncidentIsNotToldOfItsEnd()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await Store.GiveUpAsync("1", "slack", new DeadLetter("1:slack", Now, "gone", default), Token);

        await ApplyAlertsAsync(Alert("2", "mail", "i1"));

        Assert.Equal(["2>mail"], await DueAsync(Now));
    }

    [Fact]
    public async Task ADeliveredAlertIsNotSentAgainByAReplay()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await Store.MarkDeliveredAsync("1", "slack", DateTimeOffset.UnixEpoch, Token);

        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await Store.MarkFailedAsync("1", "slack", Now, Now, "late", Token);
        await Store.GiveUpAsync("1", "slack", new DeadLetter("late", Now, "late", default), Token);

        Assert.Empty(await DueAsync(Now.AddDays(1)));
        Assert.Empty(await Store.ListDeadLettersAsync(10, Token));
    }

    [Fact]
    public async Task OnlyAsManyAlertsAsAskedFor()
    {
        await ApplyAlertsAsync([.. Enumerable.Range(0, 5).Select(i => Alert($"{i}", "slack", $"i{i}"))]);

        Assert.Equal(["0>slack", "1>slack"], (await Store.DueAlertsAsync("slack", Now, 2, Token)).Select(a => $"{a.Id}>{a.Sink}"));
    }

    [Fact]
    public async Task TheSnapshotSavedLastWins()
    {
        for (var i = 1; i <= 4; i++)
        {
            await Store.SaveSnapshotAsync(new EngineSnapshot(i, 100 - i, new byte[] { (byte)i, 0, 255 }), Token);
        }

        var newest = await Store.LoadSnapshotAsync(Token);

        Assert.NotNull(newest);
        Assert.Equal((4, 96L), (newest.Version, newest.Sequence));
        Assert.Equal([4, 0, 255], newest.Bytes.ToArray());
    }

    [Fact]
    public async Task DeadLettersAreListedNewestFirstAndOncePerId()
    {
        foreach (var id in (string[])["a", "b", "a", "c"])
        {
            await Store.AddDeadLetterAsync(new DeadLetter(id, Now.AddTicks(7), $"bad {id}", new byte[] { 0, 1 }), Token);
        }

        var letters = await Store.ListDeadLettersAsync(2, Token);

        Assert.Equal(["c", "b"], letters.Select(l => l.Id));
        Assert.Equal((Now.AddTicks(7), "bad c"), (letters[0].At, letters[0].Reason));
        Assert.Equal([0, 1], letters[0].Raw.ToArray());
    }

    private protected abstract Task<IStateStore> OpenAsync();

    protected abstract Task CloseAsync();

    private protected async Task ReopenAsync() => _store = await OpenAsync();

    private protected static DerivedEvent Event(
        string id,
        string type = "log.anomaly",
        long timestamp = 0,
        string environment = "production",
        string? service = null,
        string? correlation = null,
        string json = "{}") =>
        new(id, type, timestamp, environment, service, correlation, null, Utf8(json));

    [Fact]
    public async Task WhatIsHeldKeepsNobodyWaitingAndANewerOneReplacesIt()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("1", "mail", "i1"), Alert("2", "slack", "i1"), Alert("3", "slack", "i2"));
        await Store.HoldAlertAsync("1", "slack", Now, Now.AddHours(1), "silenced", Token);
        await Store.HoldAlertAsync("3", "slack", Now, Now.AddHours(2), "silenced", Token);
        await Store.HoldAlertAsync("1", "mail", Now, Now.AddHours(3), "silenced", Token);
        Assert.Equal(["2>mail", "2>slack"], await DueAsync(Now));

        await Store.MarkDeliveredAsync("2", "slack", Now.AddMinutes(1), Token);

        Assert.Equal(["2>mail"], await DueAsync(Now.AddMinutes(59)));
        Assert.Equal(["2>mail", "3>slack"], await DueAsync(Now.AddHours(2)));
        Assert.Equal(Now.AddHours(2), await Store.NextAlertAsync("slack", Token));
        Assert.Equal(
            ["1>slack Dropped silenced", "1>mail Waiting silenced", "2>slack Delivered ", "2>mail Waiting "], await DeliveriesAsync("i1"));
    }

    [Fact]
    public async Task OfWhatIsHeldOneAfterTheOtherTheNewestIsLeft()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await Store.HoldAlertAsync("1", "slack", Now, Now.AddHours(1), "one", Token);
        await ApplyAlertsAsync(Alert("2", "slack", "i1"));
        await Store.HoldAlertAsync("2", "slack", Now, Now.AddHours(1), "two", Token);

        Assert.Equal(["1>slack Dropped one", "2>slack Waiting two"], await DeliveriesAsync("i1"));
        Assert.Empty(await DueAsync(Now));
        await Store.ReleaseHeldAsync(Token);
        Assert.Equal(["2>slack"], await DueAsync(Now));
        await Store.MarkDeliveredAsync("2", "slack", Now, Token);
        Assert.Equal(["1>slack Dropped one", "2>slack Delivered "], await DeliveriesAsync("i1"));
    }

    [Fact]
    public async Task WhatIsDroppedIsNotSentAndItsSinkHearsNothingMoreOfTheIncident()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await Store.HoldAlertAsync("1", "slack", Now, Now.AddHours(1), "held", Token);
        await ApplyAlertsAsync(Alert("2", "slack", "i1"));

        await Store.DropAlertAsync("2", "slack", Now, "over", Token);
        await Store.MarkFailedAsync("2", "slack", Now, Now, "late", Token);
        await ApplyAlertsAsync(Alert("2", "slack", "i1"), Alert("3", "mail", "i1"));

        Assert.Equal(["3>mail"], await DueAsync(Now.AddDays(1)));
        Assert.Equal(["1>slack Dropped held", "2>slack Dropped over", "3>mail Waiting "], await DeliveriesAsync("i1"));
    }

    [Fact]
    public async Task AReminderGoesToItsSinkOnly()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("1", "mail", "i1"));

        await ApplyAlertsAsync(Alert("2", "mail", "i1") with { IsForItsSinkOnly = true });

        Assert.Equal(["1>slack Waiting ", "1>mail Waiting ", "2>mail Waiting "], await DeliveriesAsync("i1"));
    }

    [Fact]
    public async Task WhatBecameOfAnAlertIsTold()
    {
        await Store.ApplyAsync(
            new EngineOutput(1, [Event("1", "alert.firing", correlation: "i1")], [Alert("1", "slack", "i1") with { AddedAt = Now }]), Token);
        await Store.MarkFailedAsync("1", "slack", Now, Now.AddSeconds(5), "HTTP 503", Token);
        await Store.MarkDeliveredAsync("1", "slack", Now.AddSeconds(6), Token);

        Assert.Equal(
            new AlertDelivery("1", "alert.firing", "slack", DeliveryState.Delivered, 1, Now, Now.AddSeconds(6), Now.AddSeconds(5), null),
            Assert.Single(await Store.FindDeliveriesAsync("i1", Token)));
        Assert.Empty(await Store.FindDeliveriesAsync("i2", Token));
    }

    private async Task<List<string>> DeliveriesAsync(string incident) =>
        [.. (await Store.FindDeliveriesAsync(incident, Token)).Select(d => $"{d.AlertId}>{d.Sink} {d.State} {d.Held}")];

    private protected static OutboxItem Alert(string id, string sink, string incident) =>
        new(id, sink, incident, Utf8($"{{\"alert\":{id}}}"), 0);

    private protected Task<IReadOnlyList<DerivedEvent>> ApplyAsync(long sequence, params DerivedEvent[] events) =>
        Store.ApplyAsync(new EngineOutput(sequence, events, []), Token);

    private protected Task ApplyAlertsAsync(params OutboxItem[] alerts) =>
        Store.ApplyAsync(new EngineOutput(1, [], alerts), Token);

    private protected async Task<List<string>> DueAsync(DateTimeOffset now)
    {
        var due = new List<string>();
        foreach (var sink in (await Store.WaitingSinksAsync(Token)).Order(StringComparer.Ordinal))
        {
            due.AddRange((await Store.DueAlertsAsync(sink, now, 10, Token)).Select(a => $"{a.Id}>{a.Sink}"));
        }

        return due;
    }

    private protected async Task<List<string>> FindAsync(DerivedQuery query) =>
        [.. (await Store.FindAsync(query, Token)).Select(r => r.Event.Id)];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string? JsonOf(DerivedEvent? e) => e is null ? null : Encoding.UTF8.GetString(e.Json.Span);
}
