using Culprit.Engine.Storage;
using Culprit.Server.Health;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>How journal and record store are.</summary>
internal sealed class StorageHealth(FileJournal journal, IRecordStore records, RecordFeed feed) : IHealthSource
{
    public string Name => "storage";

    public HealthReport Check()
    {
        var pending = records.PendingBytes;
        var isBehind = feed.IsOverloaded; // With a backlog, memory is full and events are taken all the same.
        var (state, reason) = journal.State switch
        {
            JournalState.ReadOnly => (HealthState.Down, journal.StateReason),
            _ when isBehind => (HealthState.Down, "the store is behind"),
            _ when journal.CorruptRangeCount > 0 => (HealthState.Degraded, "parts of the journal were damaged"),
            _ => (HealthState.Ok, null),
        };
        return new HealthReport(state, reason, new Dictionary<string, object>
        {
            ["journal_state"] = journal.State.ToString().ToLowerInvariant(),
            ["journal_last_sequence"] = journal.LastSequence,
            ["journal_bytes"] = journal.DiskBytes,
            ["journal_fill"] = Math.Round(journal.Fill, 4),
            ["journal_syncs"] = journal.Counters.Syncs,
            ["journal_corrupt_ranges"] = journal.CorruptRangeCount,
            ["stored_sequence"] = records.AppliedSequence,
            ["pending_bytes"] = pending,
            ["reading_backlog"] = feed.IsBehind,
        });
    }
}
