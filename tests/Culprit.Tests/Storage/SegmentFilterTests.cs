using System.Text;
using Culprit.Engine.Storage;
using Culprit.Server.Storage.Embedded;
using Xunit;

namespace Culprit.Tests.Storage;

public sealed class SegmentFilterTests
{
    [Fact]
    public void AKeyFilterKnowsAllItsKeysAndTakesFewStrangersForOne()
    {
        var filter = KeyFilter.Create([.. Enumerable.Range(0, 10_000).Select(HashOf)]);
        var blocks = filter.Length / KeyFilter.BlockBytes;

        Assert.All(Enumerable.Range(0, 10_000), k => Assert.True(MayHold(filter, HashOf(k))));
        Assert.InRange(Enumerable.Range(10_000, 10_000).Count(k => MayHold(filter, HashOf(k))), 0, 250);
        Assert.Equal(250, blocks);
        Assert.NotEqual(KeyFilter.HashOf(1, "same"u8), KeyFilter.HashOf(2, "same"u8));
    }

    [Fact]
    public void ADamagedFilterExcludesNothing()
    {
        var filter = KeyFilter.Create([.. Enumerable.Range(0, 40).Select(HashOf)]);
        filter.AsSpan(0, 8).Clear();
        var set = new byte[TrigramSet.Bytes];
        TrigramSet.Seal(set);
        set[5] ^= 1;

        Assert.All(Enumerable.Range(0, 100), k => Assert.True(MayHold(filter, HashOf(k))));
        Assert.True(TrigramSet.MayHold(set, "anything"u8));
    }

    [Theory]
    [InlineData("connection REFUSED", true)]
    [InlineData("by peer: 99", true)]
    [InlineData("ün", true)]
    [InlineData("xy", true)]
    [InlineData("xyz", false)]
    [InlineData("refused connection", false)]
    [InlineData("refused by peer: a", false)]
    public void ATrigramSetExcludesOnlyWhatIsNotThere(string text, bool expected)
    {
        var set = new byte[TrigramSet.Bytes];
        TrigramSet.Add(set, "Connection refused by peer: 17"u8);
        TrigramSet.Add(set, "grün"u8);
        TrigramSet.Seal(set);

        Assert.Equal(expected, TrigramSet.MayHold(set, Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void WhateverATextMatcherFindsATrigramSetMayHold()
    {
        var random = new Random(4);
        for (var run = 0; run < 500; run++)
        {
            var text = Enumerable.Range(0, 40).Select(_ => "abAB09 .é€"[random.Next(10)]).ToArray();
            var start = random.Next(30);
            var needle = new string(text, start, random.Next(1, 10)).ToUpperInvariant();
            var bytes = Encoding.UTF8.GetBytes(text);
            var set = new byte[TrigramSet.Bytes];
            TrigramSet.Add(set, bytes);
            TrigramSet.Seal(set);

            Assert.True(!new TextMatcher(needle).IsIn(bytes) || TrigramSet.MayHold(set, Encoding.UTF8.GetBytes(needle)));
        }
    }

    private static ulong HashOf(int key) => KeyFilter.HashOf(1, BitConverter.GetBytes(key));

    private static bool MayHold(byte[] filter, ulong hash) => KeyFilter.MayHold(
        filter.AsSpan(KeyFilter.BlockBytes * KeyFilter.BlockOf(hash, filter.Length / KeyFilter.BlockBytes), KeyFilter.BlockBytes), hash);
}
