using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Patterns;

public sealed class HostilePatternsTests
{
    [Fact]
    public void DistinctLinesStayWithinTheBoundAndAddUp()
    {
        var options = new PatternOptions { MaxPatterns = 500, MaxHoles = 500, MaxCases = 16 };
        var miner = new PatternMiner(options);
        var random = new Random(5);
        var counts = new Dictionary<PatternId, long>();
        var words = new byte[60];
        for (var i = 0; i < 8_000; i++)
        {
            for (var at = 0; at < words.Length; at++)
            {
                words[at] = random.Next(6) == 0 ? (byte)' ' : (byte)('a' + random.Next(26));
            }

            var id = miner.Assign(words);
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        Assert.InRange(miner.Count, 1, 501);
        Assert.Equal(8_000, counts.Values.Sum());
        Assert.InRange(counts.Count, 1, 500 + 1024 + 1);
        Assert.True(miner.Overflowed > 5_000);
    }

    [Fact]
    public void AReturningPatternIsLetInAlthoughTheTableIsFull()
    {
        var miner = new PatternMiner(new PatternOptions { MaxPatterns = 50 });
        for (var i = 0; i < 500; i++)
        {
            miner.Assign(Encoding.UTF8.GetBytes($"{(char)('a' + (i % 26))}{(char)('a' + (i / 26))} junk:{new string('x', i)}"));
        }

        miner.Assign("payment service lost its database"u8);
        var id = miner.Assign("payment service lost its database"u8);

        Assert.Equal("payment service lost its database", miner.Text(id));
    }

    [Fact]
    public void AMegabyteLineCostsNoMoreThanItsFirstFourKibibytes()
    {
        var miner = new PatternMiner(new PatternOptions());
        var huge = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("word 12 (x) ", 90_000)));

        var id = miner.Assign(huge);

        Assert.Equal(id, miner.Assign(huge.AsSpan(0, 5_000)));
        Assert.InRange(Encoding.UTF8.GetByteCount(miner.Text(id)), 1, Skeleton.MaxTextBytes);
    }

    [Theory]
    [InlineData("\0\0\0\0")]
    [InlineData("......................")]
    [InlineData("--- ... *** === ___")]
    [InlineData("((((((((((")]
    [InlineData("\u001b[0m\u001b[1;31m\u0007\u0008")]
    [InlineData("a.................................b...................c")]
    [InlineData("=")]
    [InlineData("")]
    public void LinesWithoutWordsHaveAPatternToo(string line)
    {
        var miner = new PatternMiner(new PatternOptions());

        var id = miner.Assign(Encoding.UTF8.GetBytes(line));

        Assert.False(id.IsNone);
        Assert.Equal(id, miner.Assign(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void ManyLinesOfOneFrameDoNotMergeByChance()
    {
        var miner = new PatternMiner(new PatternOptions());
        string[] subjects = ["disk", "network", "cache", "queue", "lease"];
        string[] verbs = ["failed", "recovered", "started", "stopped"];
        string[] reasons = ["timeout", "overload", "request", "upgrade"];

        var ids = new HashSet<PatternId>();
        foreach (var subject in subjects)
        {
            foreach (var verb in verbs)
            {
                foreach (var reason in reasons)
                {
                    ids.Add(miner.Assign(Encoding.UTF8.GetBytes($"the {subject} has {verb}, {reason} seen")));
                }
            }
        }

        miner.DrainAliases([]);
        Assert.Equal(80, ids.Select(miner.Resolve).Distinct().Count());
    }
}
