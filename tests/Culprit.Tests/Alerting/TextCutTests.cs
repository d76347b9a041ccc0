using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Sinks.Slack;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class TextCutTests
{
    [Theory]
    [InlineData("", 0, "")]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "ab…")]
    [InlineData("abcd", 1, "…")]
    [InlineData("abcd", 0, "")]
    [InlineData("a😀b", 4, "a😀b")]
    [InlineData("a😀bc", 4, "a😀…")]
    [InlineData("a😀bc", 3, "a…")]
    [InlineData("😀😀", 2, "…")]
    [InlineData("😀😀", 3, "😀…")]
    public void TextIsCutBetweenCharacters(string text, int max, string expected) => Assert.Equal(expected, TextCut.Fit(text, max));

    [Fact]
    public void NoCutIsTooLongOrBreaksACharacter()
    {
        var text = SomeAlert.Repeat("a😀é", 20);

        for (var max = 0; max <= text.Length + 1; max++)
        {
            var cut = TextCut.Fit(text, max);

            Assert.True(cut.Length <= max);
            Assert.DoesNotContain(cut.EnumerateRunes(), rune => rune.Value == 0xFFFD);
        }
    }

    [Fact]
    public void KeysThatAreTooLongStayDifferent()
    {
        var first = TextCut.Key(new string('a', 255) + "1", 255);
        var second = TextCut.Key(new string('a', 255) + "2", 255);

        Assert.Equal(new string('a', 255), TextCut.Key(new string('a', 255), 255));
        Assert.Equal(64, first.Length);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void NamesBeyondTheCountAreCounted()
    {
        Assert.Equal("a, b", TextCut.Names(["a", "b"], 2));
        Assert.Equal("a, b and 2 more", TextCut.Names(["a", "b", "c", "d"], 2));
    }

    [Theory]
    [InlineData("a&b", 7, "a&amp;b")]
    [InlineData("a&b", 6, "a…")]
    [InlineData("a&bc", 7, "a&amp;…")]
    [InlineData("<<", 8, "&lt;&lt;")]
    [InlineData("<<", 7, "&lt;…")]
    [InlineData("<<", 4, "…")]
    [InlineData("😀😀", 4, "😀😀")]
    [InlineData("😀😀", 3, "😀…")]
    [InlineData("", 3, "")]
    public void SlackTextIsCutBetweenCharactersAndEscapes(string text, int max, string expected) =>
        Assert.Equal(expected, SlackText.Fit(text, max));
}
