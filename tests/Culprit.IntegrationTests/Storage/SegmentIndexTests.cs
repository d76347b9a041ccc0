using System.Buffers.Binary;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

/// <summary>Segments with many row groups answer like a list in memory: with their index, and when it is damaged or missing.</summary>
public sealed class SegmentIndexTests : IAsyncLifetime
{
    private const int Rows = 2400;

    private readonly DataFolder _folder = new();
    private readonly MemoryRecordStore _memory = new();
    private StateDatabase _database = null!;
    private EmbeddedRecordStore _records = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await OpenAsync();
        var random = new Random(7);
        for (var first = 0; first < Rows; first += 100)
        {
            // Times repeat and run back a little; the first segment is far from the others.
            var rows = Enumerable.Range(first, 100).Select(i => new Row(
                $"request {i % 90} of user {random.Next(20)} {(i % 400 == 0 ? "Deadlock found" : "went well")}",
                RecordBatches.Start + (i * UnixNanos.PerSecond / 2) + (random.Next(-3, 3) * 700) + (i < 800 ? -86_400 * UnixNanos.PerSecond : 0))
            {
                Service = $"service-{i % 5}",
                Severity = i % 50 == 0 ? Severity.Error : Severity.Info,
                TraceId = i % 3 == 0 ? "" : $"trace-{i / 4}",
                CorrelationId = i % 7 == 0 ? $"order-{i / 70}" : "",
                Id = i % 100 == 0 ? $"id-{i}" : "",
                Pattern = (ulong)(i % 4),
            }).ToArray();
            _memory.AddAnnotated(first + 1, rows);
            _records.AddAnnotated(first + 1, rows);
            if (first % 800 == 700)
            {
                await _records.FlushAsync(all: true, Token);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("damaged filters")]
    [InlineData("damaged header")]
    [InlineData("not listed")]
    public async Task AnswersAreThoseOfAListInMemory(string state)
    {
        Close();
        foreach (var name in _folder.SegmentNames)
        {
            await SpoilAsync(name, state);
        }

        await OpenAsync();
        Assert.Equal(3, _records.Segments.Count);
        foreach (var query in Queries())
        {
            Assert.Equal(await _memory.FindAsync(query, Token), await _records.FindAsync(query, Token));
            foreach (var interval in (long[])[60, 3600])
            {
                var count = new CountQuery(query with { After = null }, interval * UnixNanos.PerSecond, CountBy.Service | CountBy.Level | CountBy.Pattern);
                Assert.Equal(await _memory.CountAsync(count, Token), await _records.CountAsync(count, Token));
            }
        }

        Assert.Equal(801, (await _records.FindByIdAsync("id-800", Token))?.Sequence);
        Assert.Null(await _records.FindByIdAsync("trace-5", Token));
        Assert.Equal(1234, (await _records.FindBySequenceAsync(1234, Token))?.Sequence);
        Assert.Empty(_records.Problems);
    }

    private static IEnumerable<RecordQuery> Queries()
    {
        var minute = RecordBatches.Start - (RecordBatches.Start % (60 * UnixNanos.PerSecond));
        foreach (var oldestFirst in (bool[])[false, true])
        {
            foreach (var limit in (int[])[1, 20, 1000])
            {
                var query = new RecordQuery { OldestFirst = oldestFirst, Limit = limit };
                yield return query;
                yield return query with { TraceId = "trace-300" };
                yield return query with { TraceId = "trace-never" };
                yield return query with { CorrelationId = "order-20" };
                yield return query with { Service = "service-3", Levels = [Severity.Info] };
                yield return query with { Service = "service-0", Levels = [Severity.Error], Patterns = [new PatternId(2)] };
                yield return query with { Service = "never" };
                yield return query with { Text = "DEADLOCK" };
                yield return query with { Text = "never said" };
                yield return query with { Text = "user 7 w" };
                yield return query with { FromNanos = minute + (60 * UnixNanos.PerSecond), ToNanos = minute + (300 * UnixNanos.PerSecond) };
                yield return query with { After = (RecordBatches.Start + (700 * UnixNanos.PerSecond), 1400) };
            }
        }
    }

    private async Task SpoilAsync(string name, string state)
    {
        using var database = StateDatabase.Open(_folder.Root);
        var segment = new SegmentManifest(database).ListReadable().Single(s => s.Name == name);
        if (state == "not listed")
        {
            await database.WriteAsync(c => StateDatabase.Command(c, "UPDATE segments SET index_at = 0").ExecuteNonQuery(), Token);
            return;
        }

        var path = Path.Combine(_folder.Segments, name);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        var index = bytes.AsSpan((int)segment.IndexAt, segment.IndexBytes);
        var header = SegmentIndex.PrefixBytes + BinaryPrimitives.ReadInt32LittleEndian(index);
        if (state == "damaged filters")
        {
            index[header..].Clear();
        }
        else if (state == "damaged header")
        {
            index[header - 1] ^= 1;
        }

        await File.WriteAllBytesAsync(path, bytes, Token);
    }

    private async Task OpenAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        _records = await EmbeddedRecordStore.OpenAsync(
            _folder.Root, _database, new EmbeddedStoreOptions { GroupRows = 300 }, new FakeTimeProvider(), NullLogger<EmbeddedRecordStore>.Instance, Token);
    }

    private void Close()
    {
        _records.Dispose();
        _database.Dispose();
    }
}
