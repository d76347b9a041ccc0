using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Server.Journal;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class BatchJsonParserTests
{
    private readonly RecordBatchWriter _writer = new();
    private readonly BatchParse _result = new();

    [Theory]
    [InlineData("{\"message\":\"a\"}", false, 1, true)]
    [InlineData("\uFEFF\n {\n \"message\" : \"a\"\n}\n ", false, 1, true)]
    [InlineData("{\"message\":\"a\"}", true, 1, false)]
    [InlineData("[{\"message\":\"a\"}]", false, 1, false)]
    [InlineData("[{\"message\":\"a\"},{\"message\":\"b\"}]", true, 2, false)]
    [InlineData("[ ]", false, 0, false)]
    [InlineData("{\"message\":\"a\"}{\"message\":\"b\"}", false, 2, false)]
    [InlineData("{\"message\":\"a\"}{\"message\":\"b\"}\n\n{\"message\":\"c\"}\r\n", false, 3, false)]
    [InlineData("{\n\"message\":\"a\"\n}\n{\n\"message\":\"b\"}", false, 2, false)]
    public void TheFormOfABodyIsToldFromItsBytes(string body, bool isLines, int count, bool isSingle)
    {
        Parse(body, isLines);

        Assert.Null(_result.Fatal);
        Assert.Empty(_result.Rejected);
        Assert.Equal(count, _writer.Count);
        Assert.Equal(isSingle, _result.IsSingle);
    }

    [Theory]
    [InlineData("{\"message\":\"a\"}\n{\"message\":\n\n{\"message\":\"c\"}", true)]
    [InlineData("{\"message\":\"a\"}\n{oops}\n{\"message\":\"c\"}", false)]
    [InlineData("{\"message\":\"a\"}\n[1]\n{\"message\":\"c\"}", true)]
    [InlineData("{\"message\":\"a\"}\n{\"message\":\"b\",\"message\":\"b\"}\n{\"message\":\"c\"}", false)]
    public void ABrokenLineIsRefusedAlone(string body, bool isLines)
    {
        Parse(body, isLines);

        Assert.Null(_result.Fatal);
        Assert.Equal(1, Assert.Single(_result.Rejected).Index);
        Assert.Equal(2, _writer.Count);
    }

    [Theory]
    [InlineData("[{\"message\":\"a\"},{\"message\":}]", 28)]
    [InlineData("[{\"message\":\"a\"}", 16)]
    [InlineData("[{\"message\":\"a\"},]", 17)]
    [InlineData("[{\"message\":\"a\"}{\"message\":\"b\"}]", 16)]
    [InlineData("[{\"message\":\"a\"}] x", 18)]
    [InlineData("[5]", 1)]
    [InlineData("{\"message\":\"a\"}x", 15)]
    public void ABrokenDocumentIsRefusedWholeWithTheByte(string body, int offset)
    {
        Parse(body, isLines: false);

        Assert.True(_result.Fatal?.IsSyntax);
        Assert.Equal(offset, _result.Fatal?.Consumed);
    }

    [Fact]
    public void ARejectedElementKeepsItsIndexAndTheOthersAreTaken()
    {
        Parse("[{\"message\":\"a\"},{},{\"message\":\"c\",\"service\":5}]", isLines: false);

        Assert.Equal([(1, "not_an_event"), (2, "wrong_type")], _result.Rejected.Select(r => (r.Index, r.Code)));
        Assert.Equal(3, _result.Total);
        Assert.Equal(1, _writer.Count);
    }

    [Fact]
    public void ABodyMayHave50000Events()
    {
        var body = new StringBuilder();
        for (var i = 0; i < EventLimits.MaxEventsPerBatch; i++)
        {
            body.Append("{\"message\":\"a\"}\n");
        }

        Parse(body.ToString(), isLines: true);
        Assert.Null(_result.Fatal);
        Assert.Equal(EventLimits.MaxEventsPerBatch, _writer.Count);

        Parse(body.Append("{\"message\":\"a\"}").ToString(), isLines: true);
        Assert.Equal(RejectionCodes.TooManyEvents, _result.Fatal?.Code);
    }

    [Fact]
    public void ARepeatedIdIsCountedAndNotTaken()
    {
        var ids = new SeenIds();

        Parse("[{\"message\":\"a\",\"id\":\"1\"},{\"message\":\"b\",\"id\":\"1\"},{\"message\":\"c\"}]", isLines: false, ids);

        Assert.Equal(1, _result.Duplicates);
        Assert.Equal(2, _writer.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnEventOfADeclaredTypeMustBeAsDeclared(bool isLines)
    {
        var types = new EventTypeRegistry(
            new EventTypeDeclaration("order.refused", [new EventFieldDeclaration("amount", EventFieldKind.Number, true)]));
        var body = """
            {"type":"order.refused","amount":3}
            {"type":"order.refused"}
            {"type":"order.refused","amount":"3"}
            {"type":"order.other"}
            {"message":"amount"}
            """;

        new BatchJsonParser(types).Parse(Encoding.UTF8.GetBytes(body), isLines, _writer, ParsedEvent.Received, null, _result);

        Assert.Equal(3, _writer.Count);
        Assert.Equal(
            [
                new Rejection(1, "invalid_event", "'amount' is missing; order.refused wants number"),
                new Rejection(2, "invalid_event", "'amount' is string; order.refused wants number"),
            ],
            _result.Rejected);
    }

    /// <summary>The largest body, of small events: what is told of each beside its message is more than its syntax was.</summary>
    [Fact]
    public void MoreThanTheJournalTakesAtOnceIsRefusedForGood()
    {
        var text = new string('x', 1_300);

        Parse(string.Join('\n', Enumerable.Repeat($$"""{"message":"{{text}}"}""", 49_000)), isLines: true);

        Assert.Equal((RejectionCodes.TooManyEvents, false), (_result.Fatal?.Code, _result.Fatal?.IsSyntax));
        Assert.InRange(_writer.Length, EventLimits.MaxBatchRecordBytes, EventLimits.MaxBatchRecordBytes + EventLimits.MaxEventBytes);
        Assert.True(_writer.Length < new JournalOptions().MaxQueueBytes);
    }

    [Fact]
    public void SplittingABatchChangesNoRecord()
    {
        var lines = CaseFile.Read("events.txt").Select(c => c.Input).Where(l => l[0] == '{').ToList();

        Parse(string.Join('\n', lines), isLines: true);
        var together = Enumerable.Range(0, _writer.Count).Select(i => Convert.ToHexString(_writer.ToBatch(0)[i].Bytes)).ToList();
        var apart = new List<string>();
        foreach (var line in lines)
        {
            Parse(line, isLines: true);
            apart.AddRange(Enumerable.Range(0, _writer.Count).Select(i => Convert.ToHexString(_writer.ToBatch(0)[i].Bytes)));
        }

        Assert.Equal(apart, together);
    }

    private void Parse(string body, bool isLines, IEventIdFilter? ids = null) =>
        new BatchJsonParser().Parse(Encoding.UTF8.GetBytes(body), isLines, _writer, ParsedEvent.Received, ids, _result);

    private sealed class SeenIds : IEventIdFilter
    {
        private readonly HashSet<string> _seen = [];

        public bool IsRepeat(ReadOnlySpan<byte> id) => !_seen.Add(Encoding.UTF8.GetString(id));
    }
}
