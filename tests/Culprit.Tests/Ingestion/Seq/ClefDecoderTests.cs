using System.Text;
using Culprit.Engine.Ingestion.Seq;
using Xunit;

namespace Culprit.Tests.Ingestion.Seq;

public sealed class ClefDecoderTests
{
    [Fact]
    public void BodiesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check(
        "clef.txt", lines => Decoded.By(new ClefDecoder(), Encoding.UTF8.GetBytes(string.Join('\n', lines))).ToString());
}
