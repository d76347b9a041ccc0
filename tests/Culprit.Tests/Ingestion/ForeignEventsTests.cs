using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class ForeignEventsTests
{
    [Fact]
    public void BodiesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check("foreign-events.txt", lines =>
    {
        var decoder = new Decoder();
        var decoded = Decoded.By(decoder, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var rejected = string.Concat(decoded.Parse.Rejected.Select(r => $"\n{r.Index}: !{r.Code}"));
        return $"{decoded}{rejected}\ntotal {decoded.Parse.Total}";
    });

    private sealed class Decoder : IBodyDecoder
    {
        private readonly BatchJsonParser _parser = new();

        public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result) =>
            _parser.Parse(body, isLines: false, writer, receivedNanos, ids, result);
    }
}
