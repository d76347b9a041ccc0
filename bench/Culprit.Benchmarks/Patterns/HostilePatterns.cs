using System.Diagnostics;
using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Benchmarks.Patterns;

/// <summary>How fast one thread goes, and how much memory a miner holds, with many patterns and with lines made to hurt.</summary>
internal static class HostilePatterns
{
    private const int MostLines = 1_000_000;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(8);

    /// <param name="only">Part of the names of the measurements wanted; empty for all.</param>
    public static int Run(string only)
    {
        if ("known patterns".Contains(only, StringComparison.Ordinal))
        {
            Known();
        }

        var random = new Random(11);
        var words = new byte[80];
        Measure(only, "distinct lines", i =>
        {
            for (var at = 0; at < words.Length; at++)
            {
                words[at] = random.Next(6) == 0 ? (byte)' ' : (byte)('a' + random.Next(26));
            }

            return words;
        });
        var form = Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Repeat("same", 40)));
        Measure(only, "near-duplicates: one or two words of forty differ", i =>
        {
            var line = form.ToArray();
            line[5 * random.Next(40)] = (byte)('a' + random.Next(26));
            line[1 + (5 * random.Next(40))] = (byte)('a' + random.Next(26));
            return line;
        });
        var few = Enumerable.Range(0, 30).Select(Word).ToArray();
        Measure(only, "near-duplicates: twelve words out of thirty", i =>
            Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 12).Select(_ => few[random.Next(few.Length)]))));
        Measure(only, "near-duplicates: three of twelve words out of thirty", i =>
        {
            var line = few[..12];
            for (var n = 0; n < 3; n++)
            {
                line[random.Next(12)] = few[random.Next(few.Length)];
            }

            return Encoding.UTF8.GetBytes(string.Join(' ', line));
        });
        var huge = new byte[1 << 20];
        random.NextBytes(huge);
        Measure(only, "lines of 1 MiB of random bytes", i =>
        {
            huge[i & 2047] ^= 0x55;
            return huge;
        });
        var bytes = new byte[200];
        Measure(only, "200 random bytes: control characters, broken UTF-8", i =>
        {
            random.NextBytes(bytes);
            return bytes;
        });
        return 0;
    }

    private static void Known()
    {
        var lines = Enumerable.Range(0, 10_000).Select(i =>
            Encoding.UTF8.GetBytes($"{Word(i)} {Word(i + 3)} of the {Word(i + 7)} took 12 ms for request 8f3a{i:x6} on 10.0.0.7")).ToArray();

        // In any order, so that no cache knows which skeleton comes next.
        new Random(3).Shuffle(lines);
        var miner = new PatternMiner(new PatternOptions { DistinctWords = 1_000 });
        var best = 0.0;
        for (var round = 0; round < 8; round++)
        {
            var watch = Stopwatch.StartNew();
            for (var pass = 0; pass < 20; pass++)
            {
                foreach (var line in lines)
                {
                    miner.Assign(line);
                }
            }

            best = Math.Max(best, 20 * lines.Length / watch.Elapsed.TotalSeconds);
        }

        Console.WriteLine($"{$"{miner.Count:N0} known patterns",-54} {best / 1e6,8:F2} M lines/s");
    }

    private static void Measure(string only, string name, Func<int, byte[]> next)
    {
        if (!name.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        var before = GC.GetTotalMemory(true);
        var miner = new PatternMiner(new PatternOptions());
        var watch = new Stopwatch();
        var lines = 0;
        while (lines < MostLines && watch.Elapsed < MostTime)
        {
            var line = next(lines++);
            watch.Start();
            miner.Assign(line);
            watch.Stop();
        }

        var held = GC.GetTotalMemory(true) - before;
        Console.WriteLine(
            $"{name,-54} {lines / watch.Elapsed.TotalSeconds / 1e3,8:F1} k lines/s  {lines,9:N0} lines  {held / 1e6,6:F1} MB held  {miner.Count:N0} skeletons");
        GC.KeepAlive(miner);
    }

    private static string Word(int n) => string.Concat(Enumerable.Range(0, 6).Select(i => (char)('a' + ((Hash64.Of(BitConverter.GetBytes(n)) >> (8 * i)) & 0xFF) % 26)));
}
