using System.Text;
using CsCheck;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Tests.Storage;

public class PostgresTextTests
{
    private const string Chars = "a\0\uFDCF\uFDD0\uFDD1\uFDD2\uFDD3ü";

    private static readonly Gen<string> Odd = Gen.Int[0, 7].Array[0, 6].Select(n => new string([.. n.Select(i => Chars[i])]));

    [Fact]
    public void EveryTextReadsBackAndNoneHasANul() => Odd.Sample(text =>
    {
        var encoded = PostgresText.Encode(text);
        Assert.DoesNotContain('\0', encoded);
        Assert.Equal(text, PostgresText.Decode(encoded));
        Assert.Equal(encoded, PostgresText.FromUtf8(Encoding.UTF8.GetBytes(text)));
    });

    [Fact]
    public void ATextIsPartOfAnotherExactlyWhenItsCodeIs() => Gen.Select(Odd, Odd).Sample((text, part) =>
        Assert.Equal(
            text.Contains(part, StringComparison.Ordinal),
            PostgresText.Encode(text).Contains(PostgresText.Encode(part), StringComparison.Ordinal)));

    [Fact]
    public void ABrokenSurrogateIsWhatItIsInUtf8() => Assert.Equal("a\uFFFD", PostgresText.Encode("a\uD800"));
}
