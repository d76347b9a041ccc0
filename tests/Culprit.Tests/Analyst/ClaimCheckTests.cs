using Culprit.Server.Analyst;

namespace Culprit.Tests.Analyst;

public class ClaimCheckTests
{
    private const string Said = "checkout says 14 times \"connection to postgres refused\" since 05:00:02, 3.50 per second";

    [Theory]
    [InlineData("checkout reports that its connection to postgres was refused 14 times", null)]
    [InlineData("checkout was refused by postgres 3.5 times per second since 05:00:02", null)]
    [InlineData("The message \"connection to postgres refused\" comes from checkout", null)]
    [InlineData("Connections are refused", null)]
    [InlineData("checkout and payment were refused connections to postgres", "names payment")]
    [InlineData("checkout was refused 15 connections", "says 15")]
    [InlineData("checkout says \"disk full on postgres\" about the connection", "quotes")]
    [InlineData("The kernel killed everything through memory pressure", "something else")]
    [InlineData("checkout connection refused, see https://evil.example/fix", "link")]
    [InlineData("checkout [connection](x) refused by postgres", "link")]
    [InlineData("checkout connection <img src=x> refused", "link")]
    [InlineData("checkout connection refused @channel", "link")]
    [InlineData("checkout connection \u202Erefused", "hidden")]
    [InlineData("checkout connection refused\u200B", "hidden")]
    public void AClaimStandsWhenItsEvidenceMentionsWhatItClaims(string text, string? problem)
    {
        var book = new EvidenceBook("test");
        var id = book.Add(Said, "checkout", ["r1"]).Id;

        var kept = new ClaimCheck(["checkout", "postgres", "payment"]).Check(new ModelClaim(text, [id]), book, out var why);

        Assert.Equal(problem is null, kept is not null);
        Assert.Contains(problem ?? "", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("test-2")]
    [InlineData("")]
    [InlineData("other-1")]
    public void EvidenceOfAnotherRunOrOfNoneDoesNotCount(string id)
    {
        var book = new EvidenceBook("test");
        book.Add(Said, null, []);

        Assert.Null(new ClaimCheck([]).Check(new ModelClaim("checkout connection refused", [id]), book, out var why));
        Assert.Equal("cites evidence that does not exist", why);
    }

    [Fact]
    public void ANameIsAWordOfItsOwn()
    {
        Assert.True(ClaimCheck.Mentions("the Checkout, too", "checkout"));
        Assert.False(ClaimCheck.Mentions("checkout-v2 failed", "checkout"));
        Assert.False(ClaimCheck.Mentions("precheckout", "checkout"));
        Assert.True(ClaimCheck.Mentions("checkout-v2 and checkout", "checkout"));
    }

    [Fact]
    public void IdsDifferFromRunToRun() =>
        Assert.True(Enumerable.Range(0, 5).Select(_ => EvidenceBook.Create().Add("x", null, []).Id).Distinct().Count() > 1);
}
