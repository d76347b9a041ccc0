using System.Diagnostics;
using System.Globalization;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks;

/// <summary>How fast log files become record batches: one core, from memory, each file apart.</summary>
internal static class FormatSpeed
{
    private const int ChunkBytes = 256 * 1024;
    private const int Rounds = 5;

    public static int Run(string[] files)
    {
        if (files.Length == 0)
        {
            Console.Error.WriteLine("usage: formats FILE...");
            return 2;
        }

        Console.WriteLine("file                      records   records/s      MB/s   B/record allocated   formats");
        foreach (var file in files)
        {
            var bytes = File.ReadAllBytes(file);
            Measure(bytes, out _);
            var best = TimeSpan.MaxValue;
            long allocated = 0;
            LineStreamReport? report = null;
            for (var i = 0; i < Rounds; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var time = Measure(bytes, out report);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                best = time < best ? time : best;
            }

            var records = report!.Records;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFileName(file),-24} {records,8} {records / best.TotalSeconds,11:F0} {bytes.Length / best.TotalSeconds / 1e6,9:F0} {allocated / Math.Max(1, records),20} "
                + $"  {string.Join(' ', report.Formats.Select(f => $"{f.Key}={f.Value}"))} unparsed={report.UnparsedLines}"));
        }

        return 0;
    }

    private static TimeSpan Measure(byte[] bytes, out LineStreamReport report)
    {
        var clock = Stopwatch.StartNew();
        var assembler = new LineAssembler(new LineStreamOptions { WrittenNanos = 1_705_312_800L * 1_000_000_000 });
        for (var at = 0; at < bytes.Length; at += ChunkBytes)
        {
            assembler.Write(bytes.AsSpan(at, Math.Min(ChunkBytes, bytes.Length - at)));
            while (assembler.TryTake(out _))
            {
                // A batch is what the engine takes; making it is part of what is measured.
            }
        }

        assembler.Finish();
        report = assembler.Report;
        return clock.Elapsed;
    }
}
