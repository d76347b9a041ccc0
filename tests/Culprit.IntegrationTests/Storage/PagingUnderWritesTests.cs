using System.Text;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

/// <summary>The pages of <c>GET /events</c> join up while events are written, moved to segments, and these merged.</summary>
public sealed class PagingUnderWritesTests : IAsyncLifetime
{
    private const int Times = 40; // Few moments for many events: most share theirs with others, of other kinds too.

    private readonly DataFolder _folder = new();
    private StateDatabase _database = null!;
    private EmbeddedStateStore _state = null!;
    private EmbeddedRecordStore _records = null!;
    private long _sequence;
    private int _derived;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        _state = new EmbeddedStateStore(_database);
        _records = await EmbeddedRecordStore.OpenAsync(
            _folder.Root, _database, new EmbeddedStoreOptions(), new FakeTimeProvider(), NullLogger<EmbeddedRecordStore>.Instance, Token);
    }

    public ValueTask DisposeAsync()
    {
        _records.Dispose();
        _database.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    [InlineData(true, 4)]
    public async Task NoEventComesTwiceAndNoneIsMissedThatWasThereAtTheFirstPage(bool oldestFirst, int seed)
    {
        var random = new Random(seed);
        var filter = new EventFilter { Types = [EventTypes.Entry, EventTypes.Error, EventTypes.Anomaly], OldestFirst = oldestFirst };
        using var names = new PatternNames(_state);
        var search = new EventSearch(_records, _state, names, new EventJsonWriter(42));
        for (var i = 0; i < 10; i++)
        {
            await WriteAsync(random);
        }

        var before = (await PageAsync(search, filter with { Limit = 1000 })).Events;
        var seen = new List<(string Id, DateTimeOffset At)>();
        while (true)
        {
            var (events, next) = await PageAsync(search, filter with { Limit = random.Next(1, 25) });
            seen.AddRange(events);
            if (next is null)
            {
                break;
            }

            Assert.True(EventCursor.TryDecode(next, out var cursor));
            filter = filter with { Cursor = cursor };
            await WriteAsync(random);
        }

        Assert.True(before.Count > 200, $"only {before.Count} events");
        Assert.True(_sequence > 2 * before.Count, "hardly anything was written between the pages");
        Assert.Equal(seen.Count, seen.Select(e => e.Id).Distinct().Count());
        Assert.Empty(before.Except(seen));
        Assert.Equal(oldestFirst ? seen.OrderBy(e => e.At) : seen.OrderByDescending(e => e.At), seen);
    }

    /// <summary>Records, now and then errors, anomalies, and sometimes a segment of what is in memory; a few segments become one.</summary>
    private async Task WriteAsync(Random random)
    {
        var rows = Enumerable.Range(0, random.Next(10, 30))
            .Select(_ => new Row("m", At(random)) { Severity = random.Next(4) == 0 ? Severity.Error : Severity.Info }).ToArray();
        _records.AddAnnotated(_sequence + 1, rows);
        _sequence += rows.Length;
        var anomalies = Enumerable.Range(0, random.Next(5)).Select(_ => Anomaly($"anomaly-{_derived++}", At(random))).ToList();
        await _state.ApplyAsync(new EngineOutput(_sequence, anomalies, []), Token);
        if (random.Next(3) == 0)
        {
            await _records.FlushAsync(all: true, Token);
        }

        if (_records.Segments.Count >= 4)
        {
            Assert.NotNull(await _records.MergeAsync(_records.Segments, Token));
        }
    }

    private static long At(Random random) => RecordBatches.Start + (random.Next(Times) * 1_500_000_001L);

    private static DerivedEvent Anomaly(string id, long nanos)
    {
        var at = UnixNanos.ToTime(nanos).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        var json = $$"""{"id":"{{id}}","type":"log.anomaly","timestamp":"{{at}}"}""";
        return new DerivedEvent(id, EventTypes.Anomaly, nanos, "production", null, null, null, Encoding.UTF8.GetBytes(json));
    }

    private static async Task<(List<(string Id, DateTimeOffset At)> Events, string? Next)> PageAsync(EventSearch search, EventFilter filter)
    {
        using var page = JsonDocument.Parse(await search.FindAsync(filter, Token));
        var events = page.RootElement.GetProperty("events").EnumerateArray()
            .Select(e => (e.GetProperty("id").GetString()!, e.GetProperty("timestamp").GetDateTimeOffset())).ToList();
        return (events, page.RootElement.GetProperty("next_cursor").GetString());
    }
}
