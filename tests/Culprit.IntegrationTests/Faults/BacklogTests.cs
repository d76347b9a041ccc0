using System.Globalization;
using System.Text;
using Culprit.Engine.Records;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Journal;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>A start takes events within 10 s and within bounded memory, however much of the journal is not yet stored.</summary>
[Collection(FaultCollection.Name)]
public sealed class BacklogTests
{
    private const int BatchRecords = 256;
    private const int MessageBytes = 4000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AServerWithABacklogTakesEventsAtOnceAndCatchesUp()
    {
        var records = FaultTier.Pick(60_000, 700_000) / BatchRecords * BatchRecords;
        using var folder = new TempFolder();
        var bytes = await WriteBacklogAsync(Path.Combine(folder.Path, "journal"), records);

        var start = TimeProvider.System.GetTimestamp();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        var (status, _) = await server.PostAsync("""{"id":"fresh","service":"s","message":"after the backlog"}""", "application/json", Token);
        var took = TimeProvider.System.GetElapsedTime(start);
        var peak = 0L;
        var caughtUp = await Wait.UntilAsync("the backlog is read", TimeSpan.FromMinutes(10), async () =>
        {
            var components = (await server.GetAsync("/health/detailed", Token)).GetProperty("components");
            peak = Math.Max(peak, components.GetProperty("process").GetProperty("resident_bytes").GetInt64());
            return !components.GetProperty("storage").GetProperty("reading_backlog").GetBoolean()
                && components.GetProperty("engine").GetProperty("records").GetInt64() > records;
        }, Token);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var found = 0;
        await foreach (var (id, _) in Oracle.ReadAllAsync(server, Token))
        {
            found++;
            ids.Add(id);
        }

        FaultTier.Report(
            $"Backlog of {bytes / 1e6:0} MB, {records} records: first event acknowledged {took.TotalSeconds:0.0} s after the start of the process, caught up after {caughtUp.TotalSeconds:0} s more, at most {peak / 1e6:0} MB resident; {records + 1 - ids.Count} lost, {found - ids.Count} double");
        Assert.Equal(System.Net.HttpStatusCode.Created, status);
        Assert.True(took < TimeSpan.FromSeconds(10), $"the first event was acknowledged after {took}");
        Assert.Equal((records + 1, records + 1), (found, ids.Count));
    }

    /// <summary>What a server leaves whose store and engine have not kept up at all.</summary>
    private static async Task<long> WriteBacklogAsync(string folder, int records)
    {
        var options = new JournalOptions { Folder = folder, MaxDiskUse = 1 };
        await using var journal = FileJournal.Open(options, PosixFileSystem.OfThisSystem(), TimeProvider.System, null, 0);
        var writer = new RecordBatchWriter();
        for (var first = 0; first < records; first += BatchRecords)
        {
            var now = UnixNanos.From(TimeProvider.System.GetUtcNow());
            writer.Reset();
            for (var i = first; i < first + BatchRecords; i++)
            {
                var name = i.ToString(CultureInfo.InvariantCulture);
                writer.Begin();
                writer.Set(LogRecord.IdField, Encoding.ASCII.GetBytes("b-" + name));
                writer.Set(LogRecord.ServiceField, "backlog"u8);
                writer.Set(LogRecord.EnvironmentField, "test"u8);
                writer.Set(LogRecord.BodyField, Encoding.ASCII.GetBytes(name.PadRight(MessageBytes, '.')));
                writer.Commit(now, EventKind.Log, Severity.Info, RecordFlags.None);
            }

            Assert.True((await journal.AppendAsync(writer.ToBatch(now), Token)).Accepted);
        }

        return journal.DiskBytes;
    }
}
