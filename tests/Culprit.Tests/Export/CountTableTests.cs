using Culprit.Server.Export;

namespace Culprit.Tests.Export;

public sealed class CountTableTests
{
    [Fact]
    public void WhatComesAfterTheLimitIsCountedTogetherAndNothingIsLost()
    {
        var table = Table(capacity: 3);

        for (var i = 0; i < 10; i++)
        {
            table.Add("s" + i, 2);
        }

        var measured = table.Measure().ToDictionary(m => (string)m.Tags[0].Value!, m => m.Value);
        Assert.Equal(new Dictionary<string, long> { ["s0"] = 2, ["s1"] = 2, ["s2"] = 2, [Labels.Other] = 14 }, measured);
    }

    [Fact]
    public void ReplacingShowsWhatIsAndKeepsWhatIsGoneAtZero()
    {
        var table = Table(capacity: 3);
        table.Replace(["a", "a", "b"]);

        table.Replace(["b"]);

        var measured = table.Measure().ToDictionary(m => (string)m.Tags[0].Value!, m => m.Value);
        Assert.Equal(new Dictionary<string, long> { ["a"] = 0, ["b"] = 1 }, measured);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("two\nlines", "two\\u000alines")]
    [InlineData("nul\0", "nul\\u0000")]
    [InlineData("quote\"", "quote\"")]
    public void LabelsShowWhatCannotBeSeen(string text, string expected) => Assert.Equal(expected, Labels.Clean(text));

    [Fact]
    public void HalfACharacterIsShownToo() => Assert.Equal("half\\ud800", Labels.Clean("half" + (char)0xD800));

    [Fact]
    public void ALongLabelIsCut() => Assert.Equal(200, Labels.Clean(new string('x', 10_000)).Length);

    private static CountTable<string> Table(int capacity) => new(capacity, _ => Labels.Other, k => [Labels.Of("service", k)]);
}
