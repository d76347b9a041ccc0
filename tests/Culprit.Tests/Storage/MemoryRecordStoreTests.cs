using Culprit.Engine.Storage;

namespace Culprit.Tests.Storage;

public sealed class MemoryRecordStoreTests : RecordStoreContract
{
    private protected override Task<IRecordStore> OpenAsync() => Task.FromResult<IRecordStore>(new MemoryRecordStore());

    protected override Task CloseAsync() => Task.CompletedTask;
}
