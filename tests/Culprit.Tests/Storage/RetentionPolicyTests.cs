using Culprit.Engine.Records;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Tests.Storage;

public sealed class RetentionPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void ASegmentGoesWhenItsNewestRecordIsOlderThanItsClassIsKept()
    {
        var policy = new RetentionPolicy(TimeSpan.FromDays(30), null, TimeSpan.FromDays(365));
        Segment[] segments =
        [
            Of("a", "default", 30.01),
            Of("b", "default", 29.99),
            Of("c", "7d", 7.01),
            Of("d", "7d", 6.99),
            Of("e", "12h", 0.51),
            Of("f", "52w", 300),
            Of("g", "a word of some other version", 31),
        ];

        Assert.Equal(["g", "a", "c", "e"], policy.Due(segments, Now).Select(s => s.Name));
    }

    [Theory]
    [InlineData(400, "")]
    [InlineData(399, "a")]
    [InlineData(301, "a")]
    [InlineData(300, "a")]
    [InlineData(150, "a b c")]
    [InlineData(0, "a b c d")]
    public void WhatIsTooMuchGoesOldestFirstWhateverItsClass(long maxBytes, string expected)
    {
        var policy = new RetentionPolicy(TimeSpan.FromDays(30), maxBytes, TimeSpan.FromDays(365));
        Segment[] segments = [Of("d", "default", 1), Of("b", "default", 3), Of("a", "52w", 4), Of("c", "7d", 2)];

        Assert.Equal(expected, string.Join(' ', policy.Due(segments, Now).Select(s => s.Name)));
    }

    [Fact]
    public void WhatExpiresAnywayMakesRoomFirst()
    {
        var policy = new RetentionPolicy(TimeSpan.FromDays(30), 200, TimeSpan.FromDays(365));
        Segment[] segments = [Of("old", "52w", 100), Of("expired", "1d", 2), Of("new", "default", 1)];

        Assert.Equal(["expired"], policy.Due(segments, Now).Select(s => s.Name));
    }

    private static Segment Of(string name, string retentionClass, double ageDays) =>
        new(name, retentionClass, 1, 1, 0, 0, 1, 0, 100, UnixNanos.From(Now - TimeSpan.FromDays(ageDays)), SegmentSchema.Count);
}
