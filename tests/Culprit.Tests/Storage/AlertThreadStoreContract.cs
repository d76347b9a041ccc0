using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

/// <summary>What every store of alert threads does.</summary>
public abstract class AlertThreadStoreContract : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 9, 21, 14, 0, 0, TimeSpan.Zero);

    private IAlertThreadStore? _store;

    internal IAlertThreadStore Store => _store ?? throw new InvalidOperationException("Not opened.");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task AThreadIsFoundByItsSinkAndIncident()
    {
        await Store.SaveAsync(Thread("chat", "i1", "1.1"), Token);
        await Store.SaveAsync(Thread("chat", "i2", "1.2"), Token);
        await Store.SaveAsync(Thread("other", "i1", "1.3"), Token);

        var found = await Store.FindAsync("chat", "i1", Token);

        Assert.Equal(("C1", "1.1", Now), (found?.Channel, found?.Message, found?.At));
        Assert.Equal("""{"a":"é😀\u0000"}"""u8.ToArray(), found!.FirstJson.ToArray());
        Assert.Null(await Store.FindAsync("other", "i2", Token));
    }

    [Fact]
    public async Task ASecondThreadReplacesTheFirst()
    {
        await Store.SaveAsync(Thread("chat", "i\u00001", "1.1"), Token);
        await Store.SaveAsync(Thread("chat", "i\u00001", "2.2") with { Channel = "C2", At = Now.AddDays(1) }, Token);

        var found = await Store.FindAsync("chat", "i\u00001", Token);

        Assert.Equal(("C2", "2.2", Now.AddDays(1)), (found?.Channel, found?.Message, found?.At));
    }

    [Fact]
    public async Task OldThreadsAreForgottenWhenANewOneComes()
    {
        await Store.SaveAsync(Thread("chat", "old", "1.1"), Token);
        await Store.SaveAsync(Thread("chat", "kept", "1.2") with { At = Now.AddDays(1) }, Token);
        await Store.SaveAsync(Thread("chat", "new", "1.3") with { At = Now + IAlertThreadStore.Kept + TimeSpan.FromHours(1) }, Token);

        Assert.Null(await Store.FindAsync("chat", "old", Token));
        Assert.NotNull(await Store.FindAsync("chat", "kept", Token));
        Assert.NotNull(await Store.FindAsync("chat", "new", Token));
    }

    internal static AlertThread Thread(string sink, string incident, string message) =>
        new(sink, incident, "C1", message, """{"a":"é😀\u0000"}"""u8.ToArray(), Now);

    private protected abstract Task<IAlertThreadStore> OpenAsync();

    private protected virtual Task CloseAsync() => Task.CompletedTask;
}

public sealed class MemoryAlertThreadStoreTests : AlertThreadStoreContract
{
    private protected override Task<IAlertThreadStore> OpenAsync() => Task.FromResult<IAlertThreadStore>(new MemoryAlertThreadStore());
}
