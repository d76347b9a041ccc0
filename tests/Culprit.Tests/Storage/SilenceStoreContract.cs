using System.Text;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

/// <summary>What every store of silences does.</summary>
public abstract class SilenceStoreContract
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SilencesReadBackInTheOrderInWhichTheyWereMade()
    {
        await using var opened = await OpenAsync();
        await opened.Store.SaveAsync(Silence("b", "{\"comment\":\"é'\\u0000\"}", 1), DateTimeOffset.MinValue, Token);
        await opened.Store.SaveAsync(Silence("a", "{}", 2), DateTimeOffset.MinValue, Token);

        await opened.Store.SaveAsync(Silence("b", "{\"n\":2}", 3), DateTimeOffset.MinValue, Token);

        Assert.Equal(["b {\"n\":2} 3", "a {} 2"], await AllAsync(opened));
    }

    [Fact]
    public async Task ThoseThatEndedLongAgoAreForgotten()
    {
        await using var opened = await OpenAsync();
        await opened.Store.SaveAsync(Silence("old", "{}", 1), DateTimeOffset.MinValue, Token);
        await opened.Store.SaveAsync(Silence("kept", "{}", 2), DateTimeOffset.MinValue, Token);

        await opened.Store.SaveAsync(Silence("new", "{}", 5), Now.AddHours(2), Token);

        Assert.Equal(["kept {} 2", "new {} 5"], await AllAsync(opened));
    }

    private protected abstract Task<Opened> OpenAsync();

    private static StoredSilence Silence(string id, string json, int hours) => new(id, Encoding.UTF8.GetBytes(json), Now.AddHours(hours));

    private static async Task<List<string>> AllAsync(Opened opened) =>
        [.. (await opened.Store.AllAsync(Token)).Select(s => $"{s.Id} {Encoding.UTF8.GetString(s.Json.Span)} {(s.EndsAt - Now).TotalHours}")];

    internal sealed class Opened(ISilenceStore store, Func<ValueTask> close) : IAsyncDisposable
    {
        public ISilenceStore Store => store;

        public ValueTask DisposeAsync() => close();
    }
}

public sealed class MemorySilenceStoreTests : SilenceStoreContract
{
    private protected override Task<Opened> OpenAsync() => Task.FromResult(new Opened(new MemorySilenceStore(), () => ValueTask.CompletedTask));
}
