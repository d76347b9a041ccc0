using Culprit.Server.Storage.Embedded;
using Xunit;

namespace Culprit.Tests.Storage;

public sealed class ReadLeasesTests
{
    [Fact]
    public async Task AReplacedFileWaitsForTheQuestionsThatBeganBefore()
    {
        var leases = new ReadLeases();
        var (first, second) = (leases.Enter(), leases.Enter());

        var drained = leases.DrainAsync(TestContext.Current.CancellationToken);
        var later = leases.Enter();
        second.Dispose();
        Assert.False(drained.IsCompleted);
        first.Dispose();

        await drained.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        later.Dispose();
        Assert.True(leases.DrainAsync(TestContext.Current.CancellationToken).IsCompletedSuccessfully);
    }
}
