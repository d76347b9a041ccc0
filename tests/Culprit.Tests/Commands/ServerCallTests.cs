using Culprit.Server.Commands;
using Xunit;

namespace Culprit.Tests.Commands;

public sealed class ServerCallTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8000")]
    [InlineData("http://127.0.0.1:8000/")]
    public void APathBelongsToTheServer(string url) =>
        Assert.Equal("http://127.0.0.1:8000/events/dlq?limit=5", ServerCall.Address(url, "/events/dlq?limit=5").AbsoluteUri);

    [Fact]
    public void AProxysPathStaysInFront() =>
        Assert.Equal("https://ops/culprit/events/dlq", ServerCall.Address("https://ops/culprit/", "/events/dlq").AbsoluteUri);
}
