using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Tests.Detection;

public class AnomalyClassifierTests
{
    [Theory]
    [InlineData("connection_failure", "DB connection refused", "Query failed", "upstream timed out")]
    [InlineData("connection_failure", "Database connection timeout")]
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
