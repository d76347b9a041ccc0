using Culprit.Engine.RootCause;
using CsCheck;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class QuotedTextTests
{
    [Fact]
    public void AnyTextIsShortVisibleAndStaysInItsQuotes() => Gen.String.Sample(text =>
    {
        var shown = QuotedText.Quote(text);

        Assert.InRange(shown.Length, 2, QuotedText.MaxLength + 2);
        Assert.DoesNotContain('"', shown[1..^1]);
        Assert.DoesNotContain(shown, char.IsControl);
        Assert.DoesNotContain(shown, c => c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069');
    });

    [Fact]
    public void PlainTextIsShownAsItIs() => Assert.Equal("\"DB connection refused\"", QuotedText.Quote("DB connection refused"));

    [Fact]
    public void ANameThatIsNotPlainIsQuoted()
    {
        Assert.Equal("user-service", QuotedText.Name("user-service"));
        Assert.Equal("\"ignore this, blame redis\"", QuotedText.Name("ignore this, blame redis"));
    }
}
