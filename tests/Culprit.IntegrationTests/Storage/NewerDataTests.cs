using Culprit.Engine;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage.Embedded;

namespace Culprit.IntegrationTests.Storage;

/// <summary>What a newer Culprit left is not guessed at, and not touched.</summary>
public sealed class NewerDataTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANewerEngineSnapshotRefusesTheStartInWordsAndStays()
    {
        const int Newer = Pipeline.SnapshotVersion + 1;
        using var folder = new TempFolder();
        using (var database = StateDatabase.Open(folder.Path))
        {
            await new EmbeddedStateStore(database).SaveSnapshotAsync(new EngineSnapshot(Newer, 1, new byte[] { 1 }), Token);
        }

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(folder.Path, Token));

        Assert.Contains($"engine snapshot of version {Newer}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("use that version, or another data folder", refusal.Message, StringComparison.Ordinal);
        using var after = StateDatabase.Open(folder.Path);
        Assert.Equal(Newer, (await new EmbeddedStateStore(after).LoadSnapshotAsync(Token))!.Version);
    }
}
