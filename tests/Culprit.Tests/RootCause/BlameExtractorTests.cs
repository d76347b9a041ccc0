using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class BlameExtractorTests
{
    private static readonly HashSet<string> Known = new(["user-service", "cart"], StringComparer.Ordinal);

    [Theory]
    [InlineData("DB connection refused", null, "database", nameof(BlameKind.Refused))]
    [InlineData("Database connection timeout", null, "database", nameof(BlameKind.TimedOut))]
    [InlineData("Redis unavailable", null, "redis", nameof(BlameKind.Unavailable))]
    [InlineData("Kafka broker not available", null, "kafka", nameof(BlameKind.Unavailable))]
    [InlineData("SMTP connect failed: ECONNREFUSED", null, "smtp", nameof(BlameKind.Refused))]
    [InlineData("DNS lookup failure", null, "dns", nameof(BlameKind.Unresolved))]
    [InlineData("org.postgresql.util.PSQLException: FATAL: sorry, too many clients already", null, "postgres", nameof(BlameKind.Exhausted))]
    [InlineData("RedisConnectionException: connection reset by peer", null, "redis", nameof(BlameKind.Reset))]
    [InlineData("dial tcp 10.0.0.9:3306: connect: connection refused", null, "mysql", nameof(BlameKind.Refused))]
    [InlineData("upstream user-service timed out", "user-service", null, nameof(BlameKind.TimedOut))]
    [InlineData("dial tcp: lookup redis: no such host", "redis", "redis", nameof(BlameKind.Unresolved))]
    [InlineData("POST http://billing.internal:8080/pay: 503", "billing", null, nameof(BlameKind.Unavailable))]
    [InlineData("rpc error: code = DeadlineExceeded calling cart", "cart", null, nameof(BlameKind.TimedOut))]
    [InlineData("GET /carts failed: user-service answered 500 Internal Server Error", "user-service", null, nameof(BlameKind.AnsweredError))]
    [InlineData("user-service returned account with negative balance -3, expected a positive value", "user-service", null, nameof(BlameKind.BadAnswer))]
    [InlineData("call of cart (POST /carts): certificate has expired (CERT_HAS_EXPIRED)", "cart", null, nameof(BlameKind.Certificate))]
    [InlineData("cart gave no answer, using defaults", "cart", null, nameof(BlameKind.Unavailable))]
    [InlineData("HikariPool-1 - Connection is not available, request timed out after 3000ms (database)", null, "database", nameof(BlameKind.PoolEmpty))]
    [InlineData("QueuePool limit of size 5 overflow 10 reached for postgres, connection timed out", null, "postgres", nameof(BlameKind.PoolEmpty))]
    [InlineData("slow query on orders-db: SELECT took 708 ms", "orders-db", "database", nameof(BlameKind.Slow))]
    [InlineData("access denied for bucket S3", null, "s3", nameof(BlameKind.Denied))]
    public void AMessageTellsWhomItBlamesAndHow(string text, string? peer, string? word, string kind)
    {
        var blame = Assert.Single(BlameExtractor.Extract(text, "web", Known));

        Assert.Equal((peer, word, kind), (blame.Peer, blame.Word, blame.Kind.ToString()));
        Assert.Equal(text, blame.Quote);
    }

    [Theory]
    [InlineData("Upstream timeout")]
    [InlineData("Transaction timeout")]
    [InlineData("connection reset")]
    public void AMessageThatOnlyWaitedBlamesSomebodyUnspecified(string text) =>
        Assert.True(Assert.Single(BlameExtractor.Extract(text, "web", Known)).IsUnspecified);

    [Theory]
    [InlineData("Query failed")]
    [InlineData("invalid discount code")]
    [InlineData("user logged in through redis session")]
    public void AMessageAboutItselfBlamesNobody(string text) => Assert.Empty(BlameExtractor.Extract(text, "web", Known));

    [Fact]
    public void ACallerNeverBlamesItself() =>
        Assert.All(BlameExtractor.Extract("user-service failed to start", "user-service-0", Known), b => Assert.NotEqual("user-service", b.Peer));

    [Theory]
    [InlineData("java.lang.OutOfMemoryError: Java heap space", nameof(SelfFault.OutOfMemory))]
    [InlineData("write /var/data: no space left on device", nameof(SelfFault.DiskFull))]
    [InlineData("panic: runtime error: index out of range", nameof(SelfFault.Crash))]
    [InlineData("accept: too many open files", nameof(SelfFault.OpenFiles))]
    [InlineData("x509: certificate has expired or is not yet valid", nameof(SelfFault.CertificateExpired))]
    [InlineData("ERROR: deadlock detected", nameof(SelfFault.Deadlock))]
    [InlineData("Traceback (most recent call last):", nameof(SelfFault.Exception))]
    [InlineData("page not found", nameof(SelfFault.None))]
    [InlineData("room booked for the whole family", nameof(SelfFault.None))]
    public void AServiceAdmitsFaultsOfItsOwn(string text, string fault) => Assert.Equal(fault, SelfFaults.Find(text).ToString());

    [Fact]
    public void ProductsComeBeforeGeneralWords() =>
        Assert.Equal(["redis", "cache"], InfrastructureWords.Find("cache error: Redis down").Select(w => w.Name));
}
