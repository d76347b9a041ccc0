using System.Diagnostics;
using Culprit.Engine.Patterns;

namespace Culprit.Benchmarks.Patterns;

/// <summary>How fast one thread assigns lines of known patterns.</summary>
internal static class PatternsBenchmark
{
    private const int Rounds = 7;
    private const int LinesPerRound = 400_000;

    public static int Run(string[] files)
    {
        foreach (var file in files)
        {
            var lines = new LogLines(file);
            var miner = new PatternMiner(new PatternOptions());
            Pass(miner, lines, lines.Count);
            var patterns = miner.Count;
            var count = Math.Max(LinesPerRound, lines.Count);
            var best = 0.0;
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var round = 0; round < Rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                Pass(miner, lines, count);
                best = Math.Max(best, count / watch.Elapsed.TotalSeconds);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Console.WriteLine(
                $"{Path.GetFileName(file),-24} {best / 1e6,6:F2} M lines/s  {best * lines.TotalBytes / lines.Count / 1e6,6:F0} MB/s"
                + $"  {(double)allocated / Rounds / count,6:F2} B/line  {patterns,6} skeletons  {lines.TotalBytes / lines.Count} B a line");
        }

        return 0;
    }

    private static void Pass(PatternMiner miner, LogLines lines, int count)
    {
        for (int i = 0, line = 0; i < count; i++)
        {
            miner.Assign(lines[line]);
            line = line + 1 == lines.Count ? 0 : line + 1;
        }
    }
}
