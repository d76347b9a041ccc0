using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

public sealed class LineAssemblerTests
{
    [Fact]
    public void ALineThatNoFormatFitsIsKeptCountedAndNamed()
    {
        var read = LineText.Read("{\"message\":\"one\",\"time\":\"2024-01-15T10:00:00Z\"}\nstray words\n{\"message\":\"two\"}\n");

        var shown = read.Show();

        Assert.Equal(3, shown.Count);
        Assert.Equal("2024-01-15T10:00:00.000000 info file 'stray words' flags=ReceiveTime, ParseError", shown[1]);
        Assert.Equal(1, read.Report.UnparsedLines);
        Assert.Equal("line 2: stray words", Assert.Single(read.Report.Examples));
    }

    [Fact]
    public void TextWithoutAnyFormatIsReadAsMessagesAndNothingIsUnparsed()
    {
        var read = LineText.Read("User ann logged in\nReserved 3 units\nGET session hit\n");

        Assert.Equal(3, read.Show().Count);
        Assert.Equal(0, read.Report.UnparsedLines);
        Assert.Equal(3, read.Report.Formats["plain"]);
    }

    [Fact]
    public void LinesOfAStackTraceBelongToTheRecordAboveThem()
    {
        var read = LineText.Read("2024-01-15T10:00:00Z ERROR failed\njava.lang.Error: x\n\tat a.B.c(B.java:1)\n\nCaused by: y\n2024-01-15T10:00:01Z INFO next\n");

        var shown = read.Show();

        Assert.Equal(2, shown.Count);
        Assert.Contains("'failed\\njava.lang.Error: x\\n\\tat a.B.c(B.java:1)\\nCaused by: y'", shown[0], StringComparison.Ordinal);
        Assert.Equal(3, read.Report.JoinedLines);
    }

    [Fact]
    public void ARecordTakesNoMoreThanItsLimitAndSaysSo()
    {
        var text = "2024-01-15T10:00:00Z ERROR failed\n" + string.Concat(Enumerable.Repeat("    " + new string('x', 996) + "\n", 400));

        var read = LineText.Read(text);

        Assert.True(read.TryTake(out var batch));
        var record = batch![0];
        Assert.InRange(record.Body.Length, LineAssembler.MaxRecordBytes - 4, LineAssembler.MaxRecordBytes);
        Assert.True(record.Flags.HasFlag(Culprit.Engine.Records.RecordFlags.Truncated));
    }

    [Fact]
    public void HeadlessLinesStopJoiningWhenTheyTurnOutToBeTheRule()
    {
        var text = "2024-01-15T10:00:00Z INFO banner\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"words {i} go on\n"));

        var read = LineText.Read(text);

        Assert.InRange(read.Show().Count, 480, 500);
    }

    [Fact]
    public void AMarkCarriageReturnsColoursAndBadBytesLeaveCleanText()
    {
        byte[] text =
        [
            0xEF, 0xBB, 0xBF, .. "2024-01-15T10:00:00Z \u001b[31mERROR\u001b[0m [pay] one"u8, 0xFF, .. "two\0three\r\n"u8,
        ];

        var read = LineText.Read(text);

        Assert.Equal(["2024-01-15T10:00:00.000000 error pay 'one\uFFFDtwo\uFFFDthree'"], read.Show());
        Assert.Equal(1, read.Report.InvalidLines);
    }

    [Fact]
    public void LinesBeforeTheFirstDateAreDatedLikeIt()
    {
        var read = LineText.Read("starting\n2024-01-15T10:00:00Z INFO a\n");

        Assert.StartsWith("2024-01-15T10:00:00.000000 info file 'starting' flags=ReceiveTime", read.Show()[0], StringComparison.Ordinal);
    }

    [Fact]
    public void ADateWithoutYearIsNotAfterTheFileWasWritten()
    {
        var read = LineText.Read("Dec 31 23:59:59 h app[1]: old\nJan  1 00:00:01 h app[1]: new\n");

        var shown = read.Show();

        Assert.StartsWith("2023-12-31T23:59:59", shown[0], StringComparison.Ordinal);
        Assert.StartsWith("2024-01-01T00:00:01", shown[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ATimeOfDayPassesMidnight()
    {
        var read = LineText.Read("2024-01-15 23:59:58,000 INFO a\n23:59:59.000 [main] INFO b.C - one\n00:00:01.000 [main] INFO b.C - two\n");

        var shown = read.Show();

        Assert.StartsWith("2024-01-15T23:59:59", shown[1], StringComparison.Ordinal);
        Assert.StartsWith("2024-01-16T00:00:01", shown[2], StringComparison.Ordinal);
    }

    [Fact]
    public void ADateFarFromItsNeighboursIsFlaggedUnlessTheFileGoesOnFromIt()
    {
        var read = LineText.Read(
            "2024-01-15T10:00:00Z INFO a\n1754-08-30T22:43:41Z INFO b\n2024-01-15T10:00:01Z INFO c\nwords\n2025-06-01T00:00:00Z INFO d\n2025-06-01T00:00:01Z INFO e\n");

        var shown = read.Show();

        Assert.Equal(
            ["1754-08-30T22:43:41.000000 info file 'b' flags=TimeSuspect", "2025-06-01T00:00:00.000000 info file 'd' flags=TimeSuspect"],
            shown.Where(line => line.Contains("TimeSuspect", StringComparison.Ordinal)));
        Assert.Equal(5, shown.Count);
    }

    [Fact]
    public void AnArrayWithAnObjectALineIsReadAsItsObjects()
    {
        var read = LineText.Read("[\n  {\"message\":\"a\"},\n  {\"message\":\"b\"}\n]\n");

        Assert.Equal(["2024-03-01T00:00:00.000000 info file 'a' flags=ReceiveTime", "2024-03-01T00:00:00.000000 info file 'b' flags=ReceiveTime"], read.Show());
        Assert.Equal(0, read.Report.UnparsedLines);
    }

    [Fact]
    public void FullBatchesAreHandedOutBeforeTheEnd()
    {
        var assembler = new LineAssembler(new LineStreamOptions { BatchRecords = 10 });

        assembler.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"message\":\"x\"}\n", 25))));
        var counts = new List<int>();
        while (assembler.TryTake(out var batch))
        {
            counts.Add(batch!.Count);
        }

        Assert.Equal([10, 10], counts);
    }

    [Fact]
    public void SmallWordsOfMessagesAreNotTakenForServices()
    {
        var read = LineText.Read(string.Concat(Enumerable.Range(0, 30).Select(i =>
            $"2024-01-15T10:00:{i:00}Z INFO {(i % 2 == 0 ? "request completed in 5 ms" : "cache miss for key")}\n")));

        Assert.All(read.Show(), line => Assert.Contains(" file '", line, StringComparison.Ordinal));
    }

    [Fact]
    public void AnUnheadedTraceEndsWithTheLineThatNamesItsException()
    {
        var read = LineText.Read("{\"message\":\"a\"}\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'\nwords\n");

        var shown = read.Show();

        Assert.Equal(3, shown.Count);
        Assert.Contains(" error file 'Traceback (most recent call last):\\n  File \"a.py\", line 1\\nKeyError: 'x''", shown[1], StringComparison.Ordinal);
    }
}
