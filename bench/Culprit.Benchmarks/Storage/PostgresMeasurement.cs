using System.Diagnostics;
using System.Globalization;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.Benchmarks.Storage;

/// <summary>What the record store in PostgreSQL costs: rows a second, CPU of this process, bytes on disk, and the time of common questions.</summary>
/// <remarks>The database is to be empty, and is left with the records in it.</remarks>
internal static class PostgresMeasurement
{
    private const int BatchRows = 1000;
    private const int BatchesAtOnce = 64;
    private const int Repetitions = 7;
    private const long Start = 1_790_000_000 / 60 * 60 * UnixNanos.PerSecond;

    private static readonly long Day = UnixNanos.From(TimeSpan.FromDays(1));

    /// <summary>Writes log records of one day, unless they are there, and asks questions about them.</summary>
    public static async Task<int> RunAsync(string text, int rows, TextWriter output)
    {
        if (!StoreUrl.TryParse(text, out var url))
        {
            await output.WriteLineAsync($"not a database: use {StoreUrl.Allowed}");
            return 2;
        }

        await using var database = await PostgresDatabase.OpenAsync(url, default);
        using var store = await PostgresRecordStore.OpenAsync(
            database, new PostgresStoreOptions(), TimeProvider.System, NullLogger<PostgresRecordStore>.Instance, default);
        if (store.AppliedSequence < rows)
        {
            await WriteAsync(store, rows, output);
        }

        var bytes = (await store.SizesAsync(default)).Values.Sum();
        var counts = await database.ReadAsync(
            c => Sql.ScalarAsync(c, "SELECT pg_total_relation_size('record_counts')", [], default), default);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"size: {(double)bytes / rows:F0} bytes/row with indexes, in {store.Partitions.Count} partitions; counts {(long)counts! / 1e6:F1} MB"));
        await AskAsync(store, rows, output);
        return 0;
    }

    private static async Task WriteAsync(PostgresRecordStore store, int rows, TextWriter output)
    {
        var random = new Random(1);
        var writer = new RecordBatchWriter();
        var (wall, cpu, slowest) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        var process = Process.GetCurrentProcess();
        for (var row = (int)store.AppliedSequence; row < rows;)
        {
            // Made outside the measured time.
            var batches = new List<RecordBatch>();
            for (var n = 0; n < BatchesAtOnce && row < rows; n++, row += BatchRows)
            {
                batches.Add(SampleRecords.CreateBatch(writer, random, row + 1, BatchRows, TimeOf, TimeOf(row + 1)));
            }

            var annotations = batches.Select(SampleRecords.Annotate).ToList();
            process.Refresh();
            var (before, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
            for (var b = 0; b < batches.Count; b++)
            {
                store.Add(batches[b]);
                store.Annotate(batches[b].FirstSequence, annotations[b]);
            }

            await store.FlushAsync(all: true, default);
            wall += clock.Elapsed;
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            process.Refresh();
            cpu += process.TotalProcessorTime - before;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"write: {rows} rows, {rows / wall.TotalSeconds:F0} rows/s, {cpu.TotalMicroseconds / rows:F2} us CPU/row in this process; slowest {BatchesAtOnce * BatchRows} rows {slowest.TotalMilliseconds:F0} ms"));

        long TimeOf(long sequence) => Start + (long)((sequence - 1) * ((double)Day / rows));
    }

    private static async Task AskAsync(PostgresRecordStore store, int rows, TextWriter output)
    {
        var end = Start + Day;
        var hour = UnixNanos.From(TimeSpan.FromHours(1));
        var known = await store.FindBySequenceAsync(rows / 3, default);
        await FindAsync("newest 100 of all", new RecordQuery());
        await FindAsync("newest 100 of one service and level", new RecordQuery { Service = "search", Levels = [Severity.Error] });
        await FindAsync("newest 100 errors of all", new RecordQuery { Levels = [Severity.Error, Severity.Fatal] });
        await FindAsync("newest 100 of a service that does not exist", new RecordQuery { Service = "nobody" });
        await FindAsync("page 50 of one service", new RecordQuery { Service = "search", After = (end - hour, 0) });
        await FindAsync("by trace id (two thirds back)", new RecordQuery { TraceId = known!.TraceId });
        await FindAsync("newest 100 of one pattern", new RecordQuery { Patterns = [known.Pattern] });
        await FindAsync("newest 100 of a pattern that does not exist", new RecordQuery { Patterns = [new PatternId(12345)] });
        await FindAsync("substring in the last hour, newest 100", new RecordQuery { Text = "Timed Out after 49", FromNanos = end - hour });
        await FindAsync("substring in the last hour, no match", new RecordQuery { Text = "never said by anybody", FromNanos = end - hour });
        await FindAsync("substring in everything, no match", new RecordQuery { Text = "never said by anybody" });
        await MeasureAsync("by sequence", async () => await store.FindBySequenceAsync(rows / 2, default) is null ? 0 : 1);
        await CountAsync("counts of an hour by minute, service, level", new RecordQuery { FromNanos = end - hour, ToNanos = end }, 60);
        await CountAsync("counts of the day by minute, service, level", new RecordQuery { FromNanos = Start, ToNanos = end }, 60);
        await CountAsync("counts of an hour by 10 s, from rows", new RecordQuery { FromNanos = end - hour, ToNanos = end }, 10);

        Task FindAsync(string name, RecordQuery query) => MeasureAsync(name, async () => (await store.FindAsync(query, default)).Count);

        Task CountAsync(string name, RecordQuery where, int seconds) => MeasureAsync(
            name,
            async () => (await store.CountAsync(
                new CountQuery(where, seconds * UnixNanos.PerSecond, CountBy.Service | CountBy.Level), default)).Count);

        async Task MeasureAsync(string name, Func<Task<int>> ask)
        {
            var times = new List<double>();
            var found = 0;
            for (var i = 0; i < Repetitions; i++)
            {
                var clock = Stopwatch.StartNew();
                found = await ask();
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            var first = times[0];
            times.Sort();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name}: {found} rows, first {first:F1} ms, p50 {times[Repetitions / 2]:F1} ms, max {times[^1]:F1} ms"));
        }
    }
}
