using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Elasticsearch;
using Xunit;

namespace Culprit.Tests.Ingestion.Elasticsearch;

public sealed class BulkDecoderTests
{
    [Fact]
    public void BodiesBecomeTheRecordsAndItemsThatTheCasesSay() => CaseBlocks.Check("elasticsearch.txt", lines =>
    {
        var decoder = new BulkDecoder();
        var decoded = Decoded.By(decoder, Encoding.UTF8.GetBytes(string.Join('\n', lines)), new SeenIds());
        var items = string.Join(' ', decoder.Items.Select(item => $"{item.Action}@{item.Record}{(item.IsDuplicate ? "!" : "")}"));
        return $"{decoded}\nitems: {items}";
    });

    [Fact]
    public void ItemsPointAtTheirNamesInTheBody()
    {
        const string body = "\n {\"create\":{\"_index\":\"a\\\"b\",\"_id\":\"7\"}} \r\n{\"message\":\"x\"}\r\n\n{\"index\":{}}\n{\"message\":\"y\"}";
        var decoder = new BulkDecoder();

        Decoded.By(decoder, Encoding.UTF8.GetBytes(body));

        Assert.Equal(["\"a\\\"b\" \"7\"", " "], decoder.Items.Select(i => $"{body[i.IndexStart..i.IndexEnd]} {body[i.IdStart..i.IdEnd]}"));
    }

    [Fact]
    public void BytesThatAreNoTextAreMended()
    {
        byte[] body = [.. "{\"create\":{\"_id\":\"a\xff\"}}\n{\"message\":\"caf"u8, 0xE9, .. "\"}\n"u8];

        var decoded = Decoded.By(new BulkDecoder(), body);

        Assert.Equal("log body=caf\uFFFD id=a\u00ff source=elasticsearch", decoded.ToString());
    }

    [Fact]
    public void ABodyHasAtMostFiftyThousandActions()
    {
        var body = string.Concat(Enumerable.Repeat("{\"index\":{}}\n{\"message\":\"\"}\n", EventLimits.MaxEventsPerBatch + 1));

        Assert.Equal("!too_many_events", Decoded.By(new BulkDecoder(), Encoding.UTF8.GetBytes(body)).ToString());
    }
}
