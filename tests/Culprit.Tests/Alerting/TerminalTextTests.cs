using Culprit.Server.Printing;

namespace Culprit.Tests.Alerting;

public class TerminalTextTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData(null, "")]
    [InlineData("\u001b[2Jgone", "\\u001b[2Jgone")]
    [InlineData("a\nb\rc\td", "a\\u000ab\\u000dc\\u0009d")]
    [InlineData("\u202eevil", "\\u202eevil")]
    [InlineData("zero\u200bwidth", "zero\\u200bwidth")]
    [InlineData("smile \ud83d\ude00!", "smile \ud83d\ude00!")]
    [InlineData("tag \U000E0041!", "tag \\U000e0041!")]
    [InlineData("grün 日本", "grün 日本")]
    public void WhatSteersATerminalIsShownInstead(string? text, string expected)
    {
        Assert.Equal(expected, TerminalText.Visible(text));
    }

    [Fact]
    public void HalfACharacterIsShownByItsNumber()
    {
        Assert.Equal("lone \\ud83d!", TerminalText.Visible("lone \ud83d!"));
    }
}
