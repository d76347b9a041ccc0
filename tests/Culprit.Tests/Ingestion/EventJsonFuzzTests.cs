using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class EventJsonFuzzTests
{
    private const string Added = "{}[]\",:\\u0dn\n ";

    private const int Rounds = 200_000;

    private static readonly byte[][] Seeds =
    [
        .. CaseFile.Read("events.txt").Select(c => Encoding.UTF8.GetBytes(c.Input)),
        Encoding.UTF8.GetBytes("""{"timestamp":"2026-11-23T05:00:00.123456Z","service":"api-gateway","environment":"production","level":"INFO","message":"GET /v1/users 200 \"ok\"","context":{"host":"api-gateway-3","request_id":"ab12","user_id":7,"duration_ms":12},"trace_id":"0123456789abcdef0123456789abcdef"}"""),
    ];

    [Fact]
    public void MutatedEventsNeverThrowAndWhatIsAcceptedIsSound()
    {
        var random = new Random(20261123);
        var parser = new EventJsonParser();
        var writer = new RecordBatchWriter();
        var accepted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var json = MutatedBytes.Of(Seeds[random.Next(Seeds.Length)], random, Added);

            var parsed = parser.Parse(json, writer, ParsedEvent.Received);

            Assert.InRange(parsed.Consumed, 0, json.Length);
            if (parsed.IsOk)
            {
                accepted++;
                parser.Commit(writer);
                AssertSound(writer);
            }
            else
            {
                Assert.NotEmpty(parsed.Detail!);
            }

            writer.Reset();
        }

        Assert.InRange(accepted, Rounds / 100, Rounds);
    }

    [Fact]
    public void MutatedBodiesNeverThrowAndEveryEventIsAccountedFor()
    {
        var random = new Random(7);
        var parser = new BatchJsonParser();
        var writer = new RecordBatchWriter();
        var result = new BatchParse();
        for (var round = 0; round < Rounds / 10; round++)
        {
            var lines = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Encoding.UTF8.GetString(Seeds[random.Next(Seeds.Length)]));
            var text = random.Next(3) switch
            {
                0 => string.Join('\n', lines),
                1 => "[" + string.Join(',', lines) + "]",
                _ => string.Concat(lines),
            };

            parser.Parse(MutatedBytes.Of(Encoding.UTF8.GetBytes(text), random, Added), random.Next(2) == 0, writer, ParsedEvent.Received, null, result);

            Assert.Equal(result.Total, writer.Count + result.Rejected.Count + result.Duplicates);
        }
    }

    private static void AssertSound(RecordBatchWriter writer)
    {
        var batch = writer.ToBatch(ParsedEvent.Received);
        Assert.True(RecordBatch.TryRead(batch.Bytes, 1, out var read));
        var record = read![0];
        Assert.False(record.Service.IsEmpty);
        Assert.False(record.Environment.IsEmpty);
        if (!record.Attributes.IsEmpty)
        {
            var reader = new Utf8JsonReader(record.Attributes);
            Assert.True(reader.Read());
            Assert.Equal(JsonTokenType.StartObject, reader.TokenType);
            reader.Skip();
            Assert.Equal(record.Attributes.Length, reader.BytesConsumed);
        }
    }
}
