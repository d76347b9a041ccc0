using System.Text;
using CsCheck;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

public sealed class TextMatcherTests
{
    [Fact]
    public void AgreesWithOrdinalSearchThatIgnoresAsciiCase() =>
        Gen.Select(Gen.String["abABkKé%_"], Gen.String["aAbBkéK"]).Sample((text, needle) =>
        {
            var expected = Lower(text).Contains(Lower(needle), StringComparison.Ordinal);

            return new TextMatcher(needle).IsIn(Encoding.UTF8.GetBytes(text)) == expected;
        });

    private static string Lower(string text) =>
        string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c));
}
