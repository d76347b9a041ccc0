using System.Text;
using Culprit.Engine.Ingestion.Gelf;
using Xunit;

namespace Culprit.Tests.Ingestion.Gelf;

public sealed class GelfDecoderTests
{
    [Fact]
    public void BodiesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check(
        "gelf.txt", lines => Decoded.By(new GelfDecoder(), Encoding.UTF8.GetBytes(string.Join('\n', lines))).ToString());
}
