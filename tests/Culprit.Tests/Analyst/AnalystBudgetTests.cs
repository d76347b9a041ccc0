using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Analyst;

public sealed class AnalystBudgetTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 22, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(1000, 0.0, 0.0, "maxDailyTokens")]
    [InlineData(0, 2.0, 0.0, "maxDailyCost")]
    [InlineData(0, 0.0, 60.0, "maxDailySeconds")]
    public void WhatADayMayCostBeginsAgainAtMidnight(long tokens, double cost, double seconds, string key)
    {
        var budget = new AnalystBudget(new AnalystSection { MaxDailyTokens = 1000, MaxDailyCost = 2, MaxDailySeconds = 60 }, _clock);

        var before = budget.Obstacle;
        budget.Spend(_clock.GetUtcNow(), tokens, cost, seconds);
        budget.Spend(_clock.GetUtcNow().AddDays(-1), 1_000_000, 1000, 1_000_000);
        var spent = budget.Obstacle;
        _clock.Advance(TimeSpan.FromHours(2));

        Assert.Null(before);
        Assert.Contains(key, spent, StringComparison.Ordinal);
        Assert.Null(budget.Obstacle);
    }
}
