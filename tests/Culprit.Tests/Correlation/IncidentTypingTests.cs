using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
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
    [InlineData("connection_failure", "orders latency_spike 0", "orders connection_failure 5")]
    [InlineData("latency_spike", "orders latency_spike 0", "orders connection_failure 20")]                         // those that wait hold all connections
    [InlineData("connection_failure", "web latency_spike 0", "orders connection_failure 20")]
    [InlineData("connection_failure", "orders error_spike 0", "orders latency_spike 15", "orders connection_failure 30")]  // it failed before it was slow
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
        Assert.Equal(expected, IncidentTyping.Of(Anomalies(findings), SomeAnomalies.Graph(Calls)).ToWire());
    }

    /// <summary>Findings as above; what the cause, <c>web</c>, says of the type.</summary>
    [Theory]
    [InlineData(CauseNature.OutOfMemory, "memory_leak", "edge connection_failure 0")]
    [InlineData(CauseNature.Other, null, "web latency_spike 0")]
    [InlineData(CauseNature.GivesUpTooSoon, "error_spike", "web latency_spike 0")]
    [InlineData(CauseNature.GivesUpTooSoon, "error_spike", "web latency_spike 0", "web latency_spike 10 ?")]   // slow of its retries
    [InlineData(CauseNature.GivesUpTooSoon, "error_spike", "web latency_spike 0 ?", "web latency_spike 5")]    // both at once
    [InlineData(CauseNature.GivesUpTooSoon, null, "web latency_spike 0 ?", "web latency_spike 10")]            // slow before
    [InlineData(CauseNature.GivesUpTooSoon, null, "web latency_spike 0", "orders latency_spike 20")]           // whom it calls is slow, too
    [InlineData(CauseNature.GivesUpTooSoon, null, "web connection_failure 0")]                                 // and it says more
    public void TheCauseHasTheLastWord(int nature, string? expected, params string[] findings) =>
        Assert.Equal(expected, IncidentTyping.OfCause((CauseNature)nature, "web", Anomalies(findings), SomeAnomalies.Graph(Calls))?.ToWire());

    /// <summary>Whom the ranking blames, how surely, and what it is: a type that a cause gave stays until another cause is blamed.</summary>
    [Fact]
    public void TheTypeDoesNotFlickerWithTheConfidence()
    {
        var graph = SomeAnomalies.Graph(Calls);
        var open = new OpenIncident { Incident = SomeAnomalies.Incident(Anomalies("web connection_failure 0")), IsPlain = false, StartNanos = Some.At(0) };
        string TypeAfter(string? blamed, double confidence, CauseNature nature)
        {
            IncidentCorrelator.Retype(open, blamed, confidence, nature, graph);
            (open.Blamed, open.Confidence) = (blamed, confidence);
            return open.Incident.Type.ToWire();
        }

        Assert.Equal("connection_failure", TypeAfter("orders", 0.49, CauseNature.OutOfMemory));
        Assert.Equal("memory_leak", TypeAfter("orders", 0.5, CauseNature.OutOfMemory));
        Assert.Equal("memory_leak", TypeAfter("orders", 0.4, CauseNature.OutOfMemory));
        Assert.Equal("memory_leak", TypeAfter("orders", 0.6, CauseNature.Other));
        Assert.Equal("memory_leak", TypeAfter(null, 0, CauseNature.Other));
        Assert.Equal("connection_failure", TypeAfter("ledger", 0.6, CauseNature.Other));
    }

    [Fact]
    public void APlainCountKeepsItsType()
    {
        var open = new OpenIncident { Incident = SomeAnomalies.Incident(Anomalies("web connection_failure 0")), IsPlain = true, StartNanos = Some.At(0) };

        IncidentCorrelator.Retype(open, "orders", 0.9, CauseNature.OutOfMemory, SomeAnomalies.Graph(Calls));

        Assert.Equal(AnomalyType.ConnectionFailure, open.Incident.Type);
    }

    [Fact]
    public void ShiftedInTimeItIsTheSame()
    {
        Anomaly[] At(double second) =>
            [SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, second), SomeAnomalies.Anomaly("ledger", AnomalyType.ConnectionFailure, second + 30)];

        Assert.Equal(IncidentTyping.Of(At(0), SomeAnomalies.Graph(Calls)), IncidentTyping.Of(At(86400), SomeAnomalies.Graph(Calls)));
    }

    private static Anomaly[] Anomalies(params string[] findings) => [.. findings.Select(f => f.Split(' ')).Select(f => SomeAnomalies.Anomaly(
        f[0], SomeAnomalies.Type(f[1]), double.Parse(f[2], System.Globalization.CultureInfo.InvariantCulture), f.Contains("~"), !f.Contains("?")))];
}
