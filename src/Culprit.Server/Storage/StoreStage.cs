using Culprit.Engine.Storage;
using Culprit.Server.Export;

namespace Culprit.Server.Storage;

/// <summary>Durable records on their way from memory into the store: none is ever dropped.</summary>
internal sealed class StoreStage(IRecordStore records) : IStage
{
    public string Name => "store";

    public StageTotals Read()
    {
        var (added, written, waiting) = records.Flow;
        return new StageTotals(added, written, [], waiting);
    }
}
