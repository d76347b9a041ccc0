using System.Globalization;
using System.Text;
using CsCheck;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class TimestampParserTests
{
    public static TheoryData<string, string> Timestamps() => [.. CaseFile.Read("timestamps.txt")];

    [Theory]
    [MemberData(nameof(Timestamps))]
    public void ATimestampMeansWhatTheCaseFileSays(string text, string expected)
    {
        var isRead = TimestampParser.TryParse(Encoding.UTF8.GetBytes(text), out var nanos);

        Assert.Equal(expected, isRead ? TimestampParser.Format(nanos) : "-");
    }

    [Fact]
    public void WhatIsFormattedReadsBackExactly() =>
        Gen.Long.Sample(nanos =>
            TimestampParser.TryParse(Encoding.UTF8.GetBytes(TimestampParser.Format(nanos)), out var read) && read == nanos);

    [Fact]
    public void IsoTextAgreesWithTheFramework() =>
        Gen.Long[0, DateTime.MaxValue.Ticks / 1_000_0000 / 40].Select(Gen.Int[-14 * 60, 14 * 60]).Sample((seconds, offset) =>
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(seconds / 10).ToOffset(TimeSpan.FromMinutes(offset));
            var text = time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
            return TimestampParser.TryParse(Encoding.UTF8.GetBytes(text), out var nanos) && nanos == UnixNanos.From(time);
        });
}
