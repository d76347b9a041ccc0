using Culprit.Engine.Topology;
using Xunit;

namespace Culprit.Tests.Topology;

public sealed class PeerScannerTests
{
    private static readonly HashSet<string> Known = new(["user-service", "cart", "postgres"], StringComparer.Ordinal);

    [Theory]
    [InlineData("GET http://user-service:8080/users/7 failed: EOF", "user-service")]
    [InlineData("dial tcp: lookup redis on 10.96.0.10:53: no such host", "redis")]
    [InlineData("connection to inventory refused", "inventory")]
    [InlineData("upstream payment-api timed out", "payment-api")]
    [InlineData("error from cart: 500", "cart")]
    [InlineData("cart unavailable", "cart")]
    [InlineData("getaddrinfo ENOTFOUND mail.example.com", "mail.example.com")]
    [InlineData("could not connect to server at orders-db.prod.svc.cluster.local:5432", "orders-db")]
    [InlineData("jdbc:postgresql://postgres:5432/app: connection attempt failed", "postgres")]
    [InlineData("call of cart (GET /carts): context deadline exceeded", "cart")]
    [InlineData("cart gave no answer, using defaults", "cart")]
    [InlineData("HTTPConnectionPool(host='stock.prod.svc.cluster.local', port=8080): Max retries exceeded", "stock")]
    [InlineData("INSERT invoices on billing-db: canceling statement due to user request", "billing-db")]
    [InlineData("slow query on billing-db: took 708 ms", "billing-db")]
    [InlineData("amqp://guest:guest@mq-0:5672/ closed", "mq")]
    public void APeerThatAMessageNamesIsFound(string text, string expected) =>
        Assert.Contains(PeerScanner.Find(text, Known), m => m.Name == expected);

    [Theory]
    [InlineData("Upstream timeout")]
    [InlineData("Transaction timeout")]
    [InlineData("connection to the server refused")]
    [InlineData("request to process payment failed")]
    [InlineData("NullPointerException at OrderTable.java:123")]
    [InlineData("main.go:55 retry:3 status:500 took:1200")]
    [InlineData("user added item to shopping bag")]
    [InlineData("worker finished at 12:30:45")]
    [InlineData("failed to connect to database")]
    [InlineData("call took 12:3306 of 80:5432")]
    [InlineData("update of the page failed on pod-7f9a")]
    [InlineData("select rejected on shard-eu")]
    [InlineData("the call of the day is ready")]
    [InlineData("certificate has expired at shop-service request_id=req-19df")]
    public void OrdinaryWordsAreNotPeers(string text) => Assert.Empty(PeerScanner.Find(text, Known));

    [Fact]
    public void APlainNameWithoutWordsOfCallingIsNotAPeer() =>
        Assert.Empty(PeerScanner.Find("the cart holds 3 items", Known));

    [Fact]
    public void AnAddressIsReportedWithItsPort()
    {
        var mention = Assert.Single(PeerScanner.Find("dial tcp 10.1.2.3:6379: connect: connection refused", Known));

        Assert.Equal(("10.1.2.3:6379", 6379, PeerForm.Address), (mention.Name, mention.Port, mention.Form));
    }

    [Theory]
    [InlineData("a-")]
    [InlineData("a.")]
    [InlineData("http://a@")]
    [InlineData("connection to ")]
    [InlineData(":80")]
    public void HostileTextIsReadInBoundedTime(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 100_000));

        var found = PeerScanner.Find(text, Known);

        Assert.True(found.Count <= PeerScanner.MaxMentions);
    }
}
