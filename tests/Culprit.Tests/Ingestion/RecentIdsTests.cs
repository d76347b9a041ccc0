using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class RecentIdsTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void MemoryIsBoundedAndTheOldestIdsLeaveFirst()
    {
        var ids = new RecentIds(_clock, maxIds: 4000);

        for (var i = 0; i < 20_000; i += 10)
        {
            Accept(ids, Enumerable.Range(i, 10));
            Assert.InRange(ids.Count, 0, 4000);
        }

        Assert.True(ids.Begin().IsRepeat("19999"u8));
        Assert.True(ids.Begin().IsRepeat("17100"u8));
        Assert.False(ids.Begin().IsRepeat("15000"u8));
    }

    [Fact]
    public void EveryIdIsKnownForTenMinutesUnderSteadyTraffic()
    {
        var ids = new RecentIds(_clock);
        for (var minute = 0; minute < 60; minute++)
        {
            Accept(ids, [minute]);

            Assert.All(Enumerable.Range(Math.Max(0, minute - 9), Math.Min(minute, 9) + 1), i => Assert.True(IsKnown(ids, i)));
            Assert.False(IsKnown(ids, minute - 17));
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public void AReleasedIdIsAsNewAsBefore()
    {
        var ids = new RecentIds(_clock);
        var first = ids.Begin();
        first.IsRepeat("a"u8);

        var second = ids.Begin();
        Assert.True(second.IsRepeat("a"u8));
        Assert.False(second.Contended!.IsCompleted);
        first.Release();

        Assert.True(second.Contended.IsCompleted);
        Assert.False(ids.Begin().IsRepeat("a"u8));
    }

    [Fact]
    public void ABodyIsKnownByTheNoteOfItsJournalEntryAndByItsScope()
    {
        var name = BodyName.Of("a body"u8, "loki");
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Set(LogRecord.ServiceField, "s"u8);
        writer.Set(LogRecord.EnvironmentField, "e"u8);
        writer.Commit(1, EventKind.Log, Severity.Info, RecordFlags.None);
        var ids = new RecentIds(_clock);

        ids.Remember(writer.ToBatch(1, note: name.ToNote()));

        Assert.True(ids.Begin().IsRepeat(BodyName.Of("a body"u8, "loki").Bytes));
        Assert.False(ids.Begin().IsRepeat(BodyName.Of("a body"u8, "otlp").Bytes));
        Assert.False(ids.Begin().IsRepeat(BodyName.Of("another body"u8, "loki").Bytes));
    }

    private static void Accept(RecentIds ids, IEnumerable<int> values)
    {
        var claims = ids.Begin();
        foreach (var value in values)
        {
            Assert.False(claims.IsRepeat(Encoding.UTF8.GetBytes(value.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        }

        claims.Confirm();
    }

    private static bool IsKnown(RecentIds ids, int value)
    {
        var claims = ids.Begin();
        var isKnown = claims.IsRepeat(Encoding.UTF8.GetBytes(value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        claims.Release();
        return isKnown;
    }
}
