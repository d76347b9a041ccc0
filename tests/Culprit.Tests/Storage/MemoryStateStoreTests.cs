using Culprit.Engine.Storage;

namespace Culprit.Tests.Storage;

public sealed class MemoryStateStoreTests : StateStoreContract
{
    private protected override Task<IStateStore> OpenAsync() => Task.FromResult<IStateStore>(new MemoryStateStore());

    protected override Task CloseAsync() => Task.CompletedTask;
}
