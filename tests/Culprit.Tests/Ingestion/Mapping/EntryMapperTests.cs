using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Mapping;

public sealed class EntryMapperTests
{
    /// <summary>An input line that begins with a brace is a document, any other a text.</summary>
    [Fact]
    public void EntriesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check("mapping.txt", Map);

    [Fact]
    public void WhatAProtocolSaysCountsBeforeWhatTheTextSays()
    {
        var (mapper, writer, _) = Begin();
        var entry = mapper.NewEntry();
        entry.Service = "given"u8;
        entry.SetSeverity(Severity.Debug);
        entry.SetTime(ParsedEvent.Received - 1_000_000_000);

        mapper.AddText("2026-11-23T04:00:00Z ERROR [other] it failed"u8, ref entry);
        mapper.Finish();

        Assert.Equal(
            "log service=given level=debug body=2026-11-23T04:00:00Z ERROR [other] it failed source=test at=2026-11-23T04:59:59.000Z",
            Show(writer));
    }

    [Fact]
    public void AWeakSeverityGivesWayToTheText()
    {
        var (mapper, writer, _) = Begin();
        foreach (var text in new[] { "2026-11-23T04:00:00Z ERROR it failed", "it goes on somehow" })
        {
            var entry = mapper.NewEntry();
            entry.Stream = (ulong)text.Length;
            entry.SetTime(ParsedEvent.Received);
            entry.SetSeverity(Severity.Warn, isWeak: true);
            mapper.AddText(Encoding.UTF8.GetBytes(text), ref entry);
        }

        mapper.Finish();

        Assert.Equal(
            "log level=error body=it failed source=test at=2026-11-23T05:00:00.000Z\n"
            + "log level=warn body=it goes on somehow source=test at=2026-11-23T05:00:00.000Z",
            Show(writer));
    }

    [Fact]
    public void LabelsMeanWhatFieldsOfTheirNamesMean()
    {
        var (mapper, writer, _) = Begin();
        var labels = new EntryLabels();
        labels.Add("service_name"u8, "pay \"2\""u8);
        labels.Add("level"u8, "warn"u8);
        labels.Add("host"u8, "node-7"u8);
        labels.Add("zone"u8, "eu\n1"u8);
        labels.Add("zone"u8, "second"u8);
        var entry = mapper.NewEntry();
        labels.Fill(ref entry);

        mapper.AddText("x"u8, ref entry);
        mapper.Finish();

        Assert.Equal(
            "log service=pay-\"2\" level=warn body=x source=node-7"
            + " attributes={\"service_name\":\"pay \\\"2\\\"\",\"host\":\"node-7\",\"zone\":\"eu\\n1\"} truncated",
            Show(writer));
    }

    [Fact]
    public void NeighboursFarApartInTimeAreNotJoined()
    {
        var (mapper, writer, _) = Begin();
        for (var i = 0; i < 2; i++)
        {
            var entry = mapper.NewEntry();
            entry.SetTime(ParsedEvent.Received + (i * 6_000_000_000L));
            mapper.AddText(i == 0 ? "ERROR: boom"u8 : "    at Some.Method()"u8, ref entry);
        }

        mapper.Finish();

        Assert.Equal(2, writer.Count);
    }

    [Fact]
    public void TheRestOfAKnownRecordIsKnownToo()
    {
        var (mapper, writer, result) = Begin(new Known("a"));
        foreach (var (id, text) in new[] { ("a", "ERROR: boom"), ("", "    at Some.Method()"), ("b", "ERROR: next") })
        {
            var entry = mapper.NewEntry();
            entry.Id = Encoding.UTF8.GetBytes(id);
            entry.SetTime(ParsedEvent.Received);
            mapper.AddText(Encoding.UTF8.GetBytes(text), ref entry);
        }

        mapper.Finish();

        Assert.Equal((1, 2, 3), (writer.Count, result.Duplicates, result.Total));
    }

    [Fact]
    public void OnlyEntriesWithNeitherTimeNorIdMakeABodyUndated()
    {
        foreach (var (json, isUndated) in new[]
        {
            ("{\"message\":\"x\"}", true), ("{\"message\":\"x\",\"time\":1795410000}", false), ("{\"message\":\"2026-11-23T05:00:00Z INFO x\"}", false),
        })
        {
            var (mapper, _, result) = Begin();
            var entry = mapper.NewEntry();
            mapper.AddDocument(Encoding.UTF8.GetBytes(json), ref entry);
            mapper.Finish();

            Assert.Equal(isUndated, result.IsUndated);
        }
    }

    [Fact]
    public void WhatIsOverTheLimitsIsCutAndFlagged()
    {
        var many = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"f{i}\":1"));
        foreach (var json in new[]
        {
            $"{{\"message\":\"{new string('m', 300_000)}\"}}", $"{{\"message\":\"m\",\"long\":\"{new string('v', 300_000)}\"}}",
            $"{{\"message\":\"m\",{many}}}", $"{{\"message\":\"m\",\"inner\":{{{many}}}}}", "{\"message\":\"m\",\"a\":1,\"a\":2}",
        })
        {
            var (mapper, writer, _) = Begin();
            var entry = mapper.NewEntry();
            Assert.Equal(EntryOutcome.Taken, mapper.AddDocument(Encoding.UTF8.GetBytes(json), ref entry));
            mapper.Finish();

            var record = writer.ToBatch(ParsedEvent.Received)[0];
            Assert.True(record.Flags.HasFlag(RecordFlags.Truncated));
            Assert.True(record.Bytes.Length < EventLimits.MaxValueBytes + 16_384);
        }
    }

    [Fact]
    public void WhatIsNoDocumentIsKeptRaw()
    {
        foreach (var json in new[] { "{\"message\":\"x\"", "[1]", "{\"a\":" + new string('[', 40) + new string(']', 40) + "}" })
        {
            var (mapper, writer, result) = Begin();
            var entry = mapper.NewEntry();

            Assert.Equal(EntryOutcome.Raw, mapper.AddDocument(Encoding.UTF8.GetBytes(json), ref entry));
            mapper.Finish();

            Assert.Equal($"log body={json} source=test attributes={{\"parse_error\":\"bad_json\"}} raw", Show(writer));
            Assert.Equal(1, result.Total);
        }
    }

    private static string Map(IReadOnlyList<string> entries)
    {
        var (mapper, writer, _) = Begin();
        foreach (var text in entries)
        {
            var entry = mapper.NewEntry();
            if (text[0] == '{')
            {
                mapper.AddDocument(Encoding.UTF8.GetBytes(text), ref entry);
            }
            else
            {
                mapper.AddText(Encoding.UTF8.GetBytes(text.Replace("\\t", "\t", StringComparison.Ordinal)), ref entry);
            }
        }

        mapper.Finish();
        return Show(writer);
    }

    private static (EntryMapper Mapper, RecordBatchWriter Writer, BatchParse Result) Begin(IEventIdFilter? ids = null)
    {
        var (mapper, writer, result) = (new EntryMapper("test"), new RecordBatchWriter(), new BatchParse());
        mapper.Begin(writer, ParsedEvent.Received, ids, result);
        return (mapper, writer, result);
    }

    private static string Show(RecordBatchWriter writer)
    {
        var batch = writer.ToBatch(ParsedEvent.Received);
        return string.Join('\n', Enumerable.Range(0, batch.Count).Select(i => ParsedEvent.Describe(batch[i])));
    }

    private sealed class Known(string id) : IEventIdFilter
    {
        public bool IsRepeat(ReadOnlySpan<byte> other) => Encoding.UTF8.GetString(other) == id;
    }
}
