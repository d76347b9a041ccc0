using System.Diagnostics;
using System.Globalization;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.Benchmarks.Storage;

/// <summary>
/// What the embedded record store costs: rows and CPU to write, bytes on disk, and the time of common questions.
/// Not a BenchmarkDotNet class, because one run writes millions of rows and CPU per row is the figure that matters.
/// </summary>
internal static class RecordStoreMeasurement
{
    private const int BatchRows = 1000;
    private const long Start = 1_790_000_000 * UnixNanos.PerSecond;

    /// <summary>Writes <paramref name="rows"/> log records over 24 h into a temporary folder and asks questions about them.</summary>
    public static async Task RunAsync(int rows, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-bench-").FullName;
        try
        {
            using var database = StateDatabase.Open(folder);
            using var store = await EmbeddedRecordStore.OpenAsync(
                folder, database, new EmbeddedStoreOptions(), TimeProvider.System, NullLogger<EmbeddedRecordStore>.Instance, default);
            await WriteAsync(store, folder, rows, output);
            await AskAsync(store, rows, output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteAsync(EmbeddedRecordStore store, string folder, int rows, TextWriter output)
    {
        var random = new Random(1);
        var writer = new RecordBatchWriter();
        var (encodedBytes, cpu, wall, addCpu) = (0L, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        var process = Process.GetCurrentProcess();
        for (var row = 0; row < rows;)
        {
            // Made outside the measured time, one segment's worth at once.
            var batches = new List<RecordBatch>();
            for (var n = 0; n < 131 && row < rows; n++, row += BatchRows)
            {
                batches.Add(SampleRecords.CreateBatch(
                    writer, random, row + 1, BatchRows, s => Start + (long)((s - 1) * (24.0 * 3600 * UnixNanos.PerSecond / rows)), Start));
                encodedBytes += batches[^1].Bytes.Length;
            }

            var annotations = batches.Select(SampleRecords.Annotate).ToList();
            process.Refresh();
            var (cpuBefore, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
            for (var b = 0; b < batches.Count; b++)
            {
                store.Add(batches[b]);
                store.Annotate(batches[b].FirstSequence, annotations[b]);
            }

            process.Refresh();
            addCpu += process.TotalProcessorTime - cpuBefore;
            await store.FlushAsync(all: true, default);
            wall += clock.Elapsed;
            process.Refresh();
            cpu += process.TotalProcessorTime - cpuBefore;
        }

        var onDisk = Directory.GetFiles(Path.Combine(folder, "segments")).Sum(f => new FileInfo(f).Length);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"write: {rows} rows of {encodedBytes / rows} bytes; {rows / wall.TotalSeconds:F0} rows/s, "
            + $"{cpu.TotalMicroseconds / rows:F2} us CPU/row (of which adding {addCpu.TotalMicroseconds / rows:F2}), "
            + $"{(double)onDisk / rows:F1} bytes/row on disk"));
    }

    private static async Task AskAsync(EmbeddedRecordStore store, int rows, TextWriter output)
    {
        var end = Start + (24 * 3600 * UnixNanos.PerSecond);
        var known = await store.FindBySequenceAsync(rows / 3, default);
        await MeasureAsync("newest 100 of all", new RecordQuery());
        await MeasureAsync("newest 100 of one service and level",
            new RecordQuery { Service = "search", Levels = [Severity.Error] });
        await MeasureAsync("page 50 of one service",
            new RecordQuery { Service = "search", After = (end - (3600 * UnixNanos.PerSecond), 0) });
        await MeasureAsync("by trace id (two thirds back)", new RecordQuery { TraceId = known!.TraceId });
        await MeasureAsync("substring in the last hour, newest 100",
            new RecordQuery { Text = "Timed Out after 49", FromNanos = end - (3600 * UnixNanos.PerSecond) });
        await MeasureAsync("substring in the last hour, no match",
            new RecordQuery { Text = "never said by anybody", FromNanos = end - (3600 * UnixNanos.PerSecond) });
        await MeasureAsync("substring in everything, no match", new RecordQuery { Text = "never said by anybody" });

        async Task MeasureAsync(string name, RecordQuery query)
        {
            var times = new List<double>();
            var found = 0;
            for (var i = 0; i < 11; i++)
            {
                var clock = Stopwatch.StartNew();
                found = (await store.FindAsync(query, default)).Count;
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            var first = times[0];
            times.Sort();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name}: {found} rows, first {first:F1} ms, p50 {times[5]:F1} ms, max {times[^1]:F1} ms"));
        }
    }
}
