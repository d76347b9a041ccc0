using System.Text;
using Culprit.Engine.Ingestion.Splunk;
using Xunit;

namespace Culprit.Tests.Ingestion.Splunk;

public sealed class HecDecoderTests
{
    [Fact]
    public void BodiesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check("hec.txt", lines =>
    {
        var decoder = new HecDecoder();
        var decoded = Decoded.By(decoder, Encoding.UTF8.GetBytes(string.Join('\n', lines))).ToString();
        return decoder.Fault == HecFault.None ? decoded : $"{decoder.Fault} at {decoder.FaultyEvent}";
    });

    [Fact]
    public void RawLinesHaveTheMetadataOfTheRequest()
    {
        var decoder = new HecRawDecoder { Metadata = [KeyValuePair.Create("host", "h1"), KeyValuePair.Create("sourcetype", "app")] };

        var decoded = Decoded.By(decoder, "2026-11-23T04:59:00Z ERROR one\r\n\tat A.b()\n\nplain"u8);

        Assert.Equal(
            "log level=error body=one␊\tat A.b()␊plain source=h1 attributes={\"host\":\"h1\",\"sourcetype\":\"app\"} at=2026-11-23T04:59:00.000Z",
            decoded.ToString());
    }
}
