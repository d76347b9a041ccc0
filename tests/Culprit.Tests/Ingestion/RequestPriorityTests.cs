using Culprit.Server.Ingestion;

namespace Culprit.Tests.Ingestion;

/// <summary>Which requests say that they can wait.</summary>
public sealed class RequestPriorityTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("u=0", false)]
    [InlineData("u=3", false)]
    [InlineData("u=4", true)]
    [InlineData("u=7", true)]
    [InlineData("i, u=5", true)]
    [InlineData("u=8", false)]
    [InlineData("u=55", false)]
    [InlineData("urgent", false)]
    public void OnlyTheLowerHalfOfTheScaleCanWait(string? header, bool canWait) =>
        Assert.Equal(canWait, RequestPriority.CanWait(header));
}
