using System.Diagnostics;
using System.Globalization;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.Benchmarks.Storage;

/// <summary>How long common questions take over records of five hours while 10,000 records a second are written.</summary>
internal sealed class QueriesUnderWrites(EmbeddedRecordStore store, CompactionWorker compaction, int rows, TextWriter output)
{
    private const int BatchRows = 1000;
    private const int WrittenPerSecond = 10_000;
    private const int Runs = 41;
    private const int DayRows = 20_000;
    private const int Days = 29;
    private const long Second = UnixNanos.PerSecond;
    private const long Hour = 3600 * Second;

    private readonly Random _random = new(1);
    private readonly RecordBatchWriter _writer = new();
    private readonly List<string> _traces = [];
    private long _sequence;

    /// <summary>A fifth of the rows falls into the last hour, the others into the four before; 29 sparse days come first.</summary>
    public static async Task RunAsync(int rows, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-bench-").FullName;
        try
        {
            using var database = StateDatabase.Open(folder);
            using var store = await EmbeddedRecordStore.OpenAsync(
                folder, database, new EmbeddedStoreOptions(), TimeProvider.System, NullLogger<EmbeddedRecordStore>.Instance, default);
            var policy = new RetentionPolicy(TimeSpan.FromDays(60), null, TimeSpan.FromDays(60));
            using var compaction = new CompactionWorker(store, policy, TimeProvider.System, NullLogger<CompactionWorker>.Instance);
            await new QueriesUnderWrites(store, compaction, rows, output).RunAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Now => UnixNanos.From(TimeProvider.System.GetUtcNow());

    private async Task RunAsync()
    {
        output.WriteLine($"{TimeProvider.System.GetUtcNow():u}, {Environment.ProcessorCount} cores, load {LoadAverage()}, .NET {Environment.Version}");
        var end = Now;
        await MeasureCpuAsync("write 29 days before", Days * DayRows, () => WriteDaysAsync(end));
        await MeasureCpuAsync("write 5 h", rows, () => WriteHoursAsync(end));
        Describe("before compaction");
        var before = store.Segments.Sum(s => s.Rows);
        await MeasureCpuAsync("compaction", before, CompactAsync);
        Describe("after compaction");

        var traces = _traces.ToArray();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => WriteOnAsync(stop.Token));
        await AskAsync(traces);
        await stop.CancelAsync();
        var (written, seconds) = await writing;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"meanwhile {written / seconds:F0} records/s were written; load {LoadAverage()}"));
        output.WriteLine($"resident {Environment.WorkingSet / 1_048_576} MiB, indexes {store.IndexBytes / 1024} KiB");
    }

    private async Task AskAsync(string[] traces)
    {
        const string Phrase = "giving up after 18 retries";
        const string Substring = "tomer 77123 thr";
        var random = new Random(2);
        var lastHour = (Now - Hour) / (60 * Second) * (60 * Second);
        await MeasureAsync("count by service and level, one-minute buckets, last hour", 40, async _ => (await store.CountAsync(
            new CountQuery(new RecordQuery { FromNanos = lastHour }, 60 * Second, CountBy.Service | CountBy.Level), default)).Count);
        await MeasureAsync("newest 100 of one service and level", 30, async n => (await store.FindAsync(
            new RecordQuery { Service = SampleRecords.Services[n % 12], Levels = [Severity.Error] }, default)).Count);
        await MeasureAsync("all records of a trace", 50, async _ => (await store.FindAsync(
            new RecordQuery { TraceId = traces[random.Next(traces.Length)] }, default)).Count);
        await MeasureAsync($"phrase in the last hour, newest 100: '{Phrase}'", 100, async _ => (await store.FindAsync(
            new RecordQuery { Text = Phrase, FromNanos = lastHour }, default)).Count);
        await MeasureAsync($"substring in the last hour: '{Substring}'", 400, async _ => (await store.FindAsync(
            new RecordQuery { Text = Substring, FromNanos = lastHour }, default)).Count);
        var days = (Now - (30 * 24 * Hour)) / Hour * Hour;
        await MeasureAsync("count by service and level, one-hour buckets, 30 days", 0, async _ => (await store.CountAsync(
            new CountQuery(new RecordQuery { FromNanos = days }, Hour, CountBy.Service | CountBy.Level), default)).Count);
    }

    private async Task MeasureAsync(string name, int limit, Func<int, Task<int>> ask)
    {
        var times = new List<double>();
        var found = 0;
        for (var n = 0; n < Runs; n++)
        {
            var clock = Stopwatch.StartNew();
            found = await ask(n);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        var first = times[0];
        times.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {found} rows, first {first:F1} ms, p50 {times[Runs / 2]:F1} ms (aim {limit}), p95 {times[Runs * 95 / 100]:F1} ms"));
    }

    private async Task WriteDaysAsync(long end)
    {
        for (var day = Days; day > 0; day--)
        {
            var start = end - (5 * Hour) - (day * 24 * Hour);
            for (var n = 0; n < DayRows; n += BatchRows)
            {
                var first = _sequence;
                Add(s => start + ((n + s - first) * (24 * Hour / DayRows)), start + (n * (24 * Hour / DayRows)));
                if (n % 5000 == 4000)
                {
                    await store.FlushAsync(all: true, default);
                }
            }
        }
    }

    private async Task WriteHoursAsync(long end)
    {
        var (first, early) = (_sequence, rows * 4L / 5);
        while (_sequence < first + rows)
        {
            Add(s => TimeOf(s - first), TimeOf(_sequence - first));
            await store.FlushAsync(all: false, default);
        }

        await store.FlushAsync(all: true, default);

        long TimeOf(long n) => n < early
            ? end - (5 * Hour) + (long)(n * (4.0 * Hour / early))
            : end - Hour + (long)((n - early) * (1.0 * Hour / (rows - early)));
    }

    private async Task<(long Written, double Seconds)> WriteOnAsync(CancellationToken cancellationToken)
    {
        var (clock, first) = (Stopwatch.StartNew(), _sequence);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                while (_sequence - first < clock.Elapsed.TotalSeconds * WrittenPerSecond)
                {
                    Add(_ => Now, Now);
                }

                await store.FlushAsync(all: false, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The questions are asked.
        }

        return (_sequence - first, clock.Elapsed.TotalSeconds);
    }

    private void Add(Func<long, long> timeOf, long receivedNanos)
    {
        var batch = SampleRecords.CreateBatch(_writer, _random, _sequence + 1, BatchRows, timeOf, receivedNanos);
        store.Add(batch);
        store.Annotate(batch.FirstSequence, SampleRecords.Annotate(batch));
        _sequence += BatchRows;
        if (_sequence % 100_000 == 0)
        {
            _traces.Add(System.Text.Encoding.UTF8.GetString(batch[0].TraceId));
        }
    }

    private async Task CompactAsync()
    {
        int before;
        do
        {
            before = store.Segments.Count;
            await compaction.CompactAsync(default);
        }
        while (store.Segments.Count < before);
    }

    private async Task MeasureCpuAsync(string name, long records, Func<Task> work)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        await work();
        process.Refresh();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {records} records in {clock.Elapsed.TotalSeconds:F1} s, {(process.TotalProcessorTime - cpu).TotalMicroseconds / records:F2} us CPU each (making them included)"));
    }

    private void Describe(string when)
    {
        var recent = store.Segments.Where(s => s.MaxNanos > Now - (6 * Hour)).ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{when}: {store.Segments.Count} segments, of which {recent.Count} of the last 5 h with {(double)recent.Sum(s => s.Bytes) / recent.Sum(s => s.Rows):F1} bytes a record"));
    }

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
