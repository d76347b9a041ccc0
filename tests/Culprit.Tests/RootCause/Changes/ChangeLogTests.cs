using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Changes;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause.Changes;

public sealed class ChangeLogTests
{
    private readonly ChangeLog _log = new("production");

    [Fact]
    public void ARollingRestartWithANewVersionIsOneDeploy()
    {
        Say(0, "starting checkout version=2.4.0 listen=:8080");
        Say(1, "order placed");
        foreach (var second in (double[])[3600, 3615, 3630])
        {
            Say(second, "received signal terminated, shutting down gracefully");
            Say(second + 6, "starting checkout version=2.4.1 listen=:8080");
        }

        var change = Assert.Single(_log.All);

        Assert.Equal(("deploy", "checkout", Some.Noon.AddSeconds(3606)), (change.Kind, change.Service, change.At));
        Assert.Contains("runs 2.4.1 (before: 2.4.0)", change.Summary, StringComparison.Ordinal);
        Assert.Equal(ChangeEvidence.Logs, change.Source);
    }

    [Fact]
    public void AStartAfterAnOrderlyStopIsARestart()
    {
        Say(0, "order placed");
        Say(900, "Application is shutting down...");
        Say(905, "Now listening on: http://[::]:8080");
        Say(906, "Application started. Press Ctrl+C to shut down.");

        var change = Assert.Single(_log.All);

        Assert.Equal(("restart", false), (change.Kind, change.IsCrash));
    }

    [Fact]
    public void StartsThatNobodyAskedForAreOneCrash()
    {
        Say(0, "order placed");
        for (var second = 900; second < 1500; second += 60)
        {
            Say(second, "Started CheckoutApplication in 4.1 seconds (JVM running for 5.2)");
        }

        var change = Assert.Single(_log.All);

        Assert.Equal(("restart", true), (change.Kind, change.IsCrash));
        Assert.Equal(Some.Noon.AddSeconds(900), change.At);
    }

    [Fact]
    public void TheFirstStartThatIsSeenIsNoChange()
    {
        Say(0, "Starting CheckoutApplication v1.4.2 using Java 17.0.5 with PID 1");
        Say(4, "Started CheckoutApplication in 4.1 seconds (JVM running for 5.2)");

        Assert.Empty(_log.All);
    }

    [Fact]
    public void AnotherVersionInTheAttributesIsADeploy()
    {
        for (var second = 0; second < 600; second += 10)
        {
            // Instance after instance is replaced: for a while both speak.
            Say(second, "order placed", second < 300 || (second < 400 && second % 20 == 0) ? "2.4.0" : "2.4.1");
        }

        var change = Assert.Single(_log.All);

        Assert.Equal(("deploy", Some.Noon.AddSeconds(310)), (change.Kind, change.At));
        Assert.Contains("2.4.1", change.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void GoingBackToAnOlderVersionIsADeployToo()
    {
        Say(0, "order placed", "2.4.0");
        Say(1000, "order placed", "2.4.1");
        Say(5000, "order placed", "2.4.0");

        Assert.Equal([1000, 5000], _log.All.Select(c => (c.At - Some.Noon).TotalSeconds));
    }

    [Theory]
    [InlineData("deploy", "checkout", 1)]
    [InlineData("configuration", "checkout", 1)]
    [InlineData("deploy", null, 1)]
    [InlineData("deploy", "search", 2)]
    [InlineData("commit", "checkout", 2)]
    public void AStartThatCarriesOutAReportedChangeIsNotToldTwice(string kind, string? service, int expected)
    {
        Say(0, "order placed");
        Say(899, "Received SIGTERM");
        Say(905, "checkout@2.4.1 listening on port 8080");
        _log.Observe(new ChangeEvidence("c1", kind, service, Some.Noon.AddSeconds(880), "roll out"));

        Assert.Equal(expected, _log.All.Count);
    }

    [Fact]
    public void AStopThatIsToldAMomentLateStillCounts()
    {
        Say(0, "order placed");
        Say(905, "Now listening on: http://[::]:8080");
        Say(900, "Application is shutting down...");

        Assert.False(Assert.Single(_log.All).IsCrash);
    }

    [Fact]
    public void WhatAnErrorQuotesIsNoStart()
    {
        Say(0, "order placed");
        _log.ObserveLine(Some.Batch(1, Some.Error(900, "checkout", "proxy says: Now listening on: http://[::]:8080"))[0], "checkout", Some.At(900));

        Assert.Empty(_log.All);
    }

    [Fact]
    public void ItComesBackFromASnapshotAsItWas()
    {
        Say(0, "starting checkout version=2.4.0 listen=:8080");
        Say(900, "starting checkout version=2.4.1 listen=:8080");
        var restored = new ChangeLog("production");

        restored.Restore(JsonSerializer.Deserialize<ChangeLogState>(JsonSerializer.Serialize(_log.ToState()))!);

        Assert.Equal(_log.All, restored.All, Same);
        static bool Same(ChangeEvidence a, ChangeEvidence b) => (a.Id, a.Kind, a.At, a.Summary) == (b.Id, b.Kind, b.At, b.Summary);
    }

    private void Say(double second, string message, string? version = null)
    {
        var entry = Some.Log(second, "checkout", message) with
        {
            Attributes = version is null ? "" : $$$"""{"host":"a","resource":{"service.version":"{{{version}}}"}}""",
        };
        _log.ObserveLine(Some.Batch(1, entry)[0], "checkout", entry.TimestampNanos);
    }
}
