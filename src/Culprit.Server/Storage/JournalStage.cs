using Culprit.Server.Export;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Records on their way to the disk. Those that are only tried again are not counted.</summary>
internal sealed class JournalStage(FileJournal journal) : IStage
{
    public string Name => "journal";

    public StageTotals Read()
    {
        var counters = journal.Counters;
        var refused = JournalMetrics.Reasons.Select(r => KeyValuePair.Create(r.Word, counters.RefusedRecords(r.Reason))).ToArray();
        var durable = counters.Records;
        var entered = counters.EnteredRecords;
        return new StageTotals(entered, durable, refused, entered - durable - refused.Sum(r => r.Value));
    }
}
