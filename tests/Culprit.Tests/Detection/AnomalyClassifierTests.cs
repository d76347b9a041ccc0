using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Tests.Detection;

public class AnomalyClassifierTests
{
    [Theory]
    [InlineData("connection_failure", "DB connection refused", "Query failed", "upstream timed out")]
    [InlineData("connection_failure", "Database connection timeout")]
    [InlineData("connection_failure", "getaddrinfo EAI_AGAIN ledger-db", "order 7 failed")]
    [InlineData("connection_failure", "java.net.UnknownHostException: ledger-db", "order 7 failed", "order 8 failed")]
    [InlineData("connection_failure", "Failed to resolve 'ledger-db' ([Errno -3])")]
    [InlineData("connection_failure", "tls: failed to verify: x509: certificate has expired or is not yet valid")]
    [InlineData("connection_failure", "[SSL: CERTIFICATE_VERIFY_FAILED] verify failed")]
    [InlineData("error_spike", "lossless join failed", "ticket 7 was not resolved")]
    [InlineData("latency_spike", "request timed out", "deadline exceeded", "order refused")]
    [InlineData("memory_leak", "java.lang.OutOfMemoryError: Java heap space", "request failed")]
    [InlineData("error_spike", "null reference", "bad request", "division by zero", "connection reset by peer")]
    [InlineData("error_spike")]
    public void TheMessagesNameTheKindOfFault(string expected, params string[] messages)
    {
        var evidence = messages.Select((m, i) => new RecordRef(i, $"r{i}", i, "shop", Severity.Error, m, null)).ToList();

        Assert.Equal(expected, AnomalyClassifier.Classify(evidence).ToWire());
    }
}
