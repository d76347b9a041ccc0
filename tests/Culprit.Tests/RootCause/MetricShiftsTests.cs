using Culprit.Engine.Detection;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class MetricShiftsTests
{
    [Theory]
    [InlineData("process_cpu_utilization", 0.1, 0.9, 0.1, 0.1)]
    [InlineData("process_cpu_utilization", 0.1, 0.9, 0.8, 0.9)]
    [InlineData("memory_usage_bytes", 100, 900, 100, 900)]
    public void WhatWasOverBeforeTheTroubleBeganCountsNothingExceptMemory(string name, double usual, double peak, double after, double expected)
    {
        var metric = new MetricHistory { Service = "orders", Metric = name };
        for (var i = 0; i < 60; i++)
        {
            metric.Add(Some.At(i * 60), i == 50 ? peak : i > 50 ? after : usual);
        }

        var found = Assert.Single(MetricShifts.Find([metric], Some.At((50 * 60) + 30), Some.At(59 * 60)));

        Assert.Equal(expected, found.Value);
    }

    [Theory]
    [InlineData(4.8, false)]
    [InlineData(82, true)]
    public void MemoryThatFillsLessThanHalfOfItsLimitIsNoShortage(double value, bool expected)
    {
        var metric = new MetricEvidence("orders", "MemoryUsageRate", "%", 2, 0.1, value, Some.Noon, 60);

        Assert.Equal(expected, MetricShift.Of(metric, [metric], alone: false) is not null);
    }
}
