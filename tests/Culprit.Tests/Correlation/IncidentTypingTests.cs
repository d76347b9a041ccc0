using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Correlation;

public class IncidentTypingTests
{
    private const string Calls = "web>orders orders>ledger web>catalog";

    /// <summary>Findings as <c>service type second</c>, in order of detection; a <c>~</c> marks one that only supports, a <c>?</c> one without messages.</summary>
    [Theory]
    [InlineData("error_spike", "web error_spike 0")]
    [InlineData("connection_failure", "web error_spike 0", "orders connection_failure 10")]                         // the caller only hears that it failed
    [InlineData("latency_spike", "web error_spike 0", "orders latency_spike 10")]
    [InlineData("error_spike", "web latency_spike 0", "orders error_spike 10")]
    [InlineData("error_spike", "orders error_spike 0", "web connection_failure 5")]                                 // the caller's is a symptom
    [InlineData("connection_failure", "orders latency_spike 0", "orders connection_failure 20")]
    [InlineData("memory_leak", "web error_spike 0", "orders error_spike 5", "orders memory_leak 60")]
    [InlineData("error_spike", "orders error_spike 0", "orders memory_leak 60 ~")]                                  // work that piles up
    [InlineData("memory_leak", "orders error_spike 30", "orders memory_leak 0 ~")]                                  // it was there before
    [InlineData("error_spike", "orders unknown 0", "orders error_spike 30")]
    [InlineData("unknown", "orders unknown 0")]
    [InlineData("unknown", "orders unknown 0", "orders latency_spike 10 ~")]
    [InlineData("error_spike", "web error_spike 0", "orders connection_failure 400")]                               // too late to be what it began with
    [InlineData("error_spike", "catalog error_spike 0", "orders latency_spike 10")]                                 // both are deepest: the first
    [InlineData("connection_failure", "ledger error_spike 0 ?", "orders connection_failure 10")]                      // the ratio of failures says nothing of how
    [InlineData("error_spike", "ledger error_spike 0 ?")]
    [InlineData("latency_spike", "orders error_spike 0 ?", "orders latency_spike 5")]
    [InlineData("error_spike", "orders error_spike 0 ?", "orders latency_spike 20")]                                // slow because it fails
    public void TheDeepestServiceShowsTheFault(string expected, params string[] findings)
    {
        var anomalies = findings.Select(f => f.Split(' ')).Select(f => SomeAnomalies.Anomaly(
            f[0], Enum.GetValues<AnomalyType>().First(t => t.ToWire() == f[1]), double.Parse(f[2], System.Globalization.CultureInfo.InvariantCulture), f.Contains("~"), !f.Contains("?"))).ToList();

        Assert.Equal(expected, IncidentTyping.Of(anomalies, SomeAnomalies.Graph(Calls)).ToWire());
    }

    /// <summary>A caller gives up waiting: whether whom it waits for works as always, and who is blamed.</summary>
    [Theory]
    [InlineData("error_spike", "web", "orders", "orders")]
    [InlineData("latency_spike", "web", "orders", "ledger")]              // it is affected, too
    [InlineData("latency_spike", "orders", "orders", "orders")]           // and it is to blame
    [InlineData("latency_spike", "web", "nobody", "orders")]              // it may wait for anything
    public void WhoGivesUpTooSoonIsNotSlow(string expected, string blamed, string named, string calm)
    {
        Anomaly[] anomalies =
        [
            SomeAnomalies.Anomaly("web", AnomalyType.LatencySpike, 0, message: $"call of {named} timed out after 5 ms"),
            SomeAnomalies.Anomaly("web", AnomalyType.LatencySpike, 30, hasMessages: false), // Of its retries.
        ];

        var type = IncidentTyping.Of(anomalies, SomeAnomalies.Graph(Calls), new BlamedService(blamed, false, new HashSet<string> { calm }));

        Assert.Equal(expected, type.ToWire());
    }

    /// <summary>What the service that is blamed logged, how often before, and the type of what its callers said.</summary>
    [Theory]
    [InlineData("previous container exited with code 137 (OOMKilled), restarting", 0, "memory_leak")]
    [InlineData("previous container exited with code 137 (OOMKilled), restarting", 3, "connection_failure")]     // as ever
    [InlineData("previous container exited with code 1, restarting", 0, "connection_failure")]
    public void WhoRanOutOfMemorySaysMoreThanItsCallers(string message, long before, string expected)
    {
        var anomaly = SomeAnomalies.Anomaly("web", AnomalyType.ConnectionFailure, 0, message: "connection to orders refused");
        var open = new OpenIncident { Incident = SomeAnomalies.Incident(anomaly), IsPlain = false, StartNanos = Some.At(0) };
        var tracked = new TrackedService { Service = "orders", BaselineErrorsPerMinute = 0, BaselineMinutes = 30 };
        tracked.Patterns.Add("p", new TrackedPattern
        {
            Pattern = 1, BaselineCount = before, Count = 1, Severity = Severity.Warn, Samples = [new RecordRef(1, "r", Some.At(9), "orders", Severity.Warn, message, null)],
        });
        open.Services.Add("orders", tracked);

        IncidentCorrelator.Retype(open, "orders", SomeAnomalies.Graph(Calls));

        Assert.Equal(expected, open.Incident.Type.ToWire());
        Assert.Equal(expected == "memory_leak", open.IsChanged);
    }

    [Fact]
    public void ShiftedInTimeItIsTheSame()
    {
        Anomaly[] At(double second) =>
            [SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, second), SomeAnomalies.Anomaly("ledger", AnomalyType.ConnectionFailure, second + 30)];

        Assert.Equal(IncidentTyping.Of(At(0), SomeAnomalies.Graph(Calls)), IncidentTyping.Of(At(86400), SomeAnomalies.Graph(Calls)));
    }
}
