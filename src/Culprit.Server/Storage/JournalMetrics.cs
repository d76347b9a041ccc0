using System.Diagnostics.Metrics;
using Culprit.Server.Export;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>What the journal takes, refuses and holds.</summary>
internal sealed class JournalMetrics(FileJournal journal) : IMetricSource
{
    internal static readonly (RefusalReason Reason, string Word)[] Reasons =
    [
        (RefusalReason.QueueFull, "queue_full"),
        (RefusalReason.QuotaReached, "quota_reached"),
        (RefusalReason.DiskFull, "disk_full"),
        (RefusalReason.ReadOnly, "read_only"),
        (RefusalReason.Closing, "closing"),
        (RefusalReason.TooLarge, "too_large"),
    ];

    public void Register(Meter meter)
    {
        var counters = journal.Counters;
        meter.CreateObservableCounter("culprit.journal.appended", () => counters.Bytes, "By", "Payload made durable");
        meter.CreateObservableCounter("culprit.journal.syncs", () => counters.Syncs, "{sync}", "Syncs of segment files");
        meter.CreateObservableCounter(
            "culprit.journal.refused",
            () => Reasons.Select(r => Labels.Measure(counters.Refused(r.Reason), "reason", r.Word)),
            "{append}",
            "Appends refused by reason, batches and ticks");
        meter.CreateObservableCounter(
            "culprit.journal.failures", () => counters.FailedWrites, "{failure}", "Writes, syncs and segment starts that the disk refused");
        meter.CreateObservableGauge("culprit.journal.bytes", () => journal.DiskBytes, "By", "Size of all segment files");
        meter.CreateObservableGauge("culprit.journal.fill_ratio", () => journal.Fill, "1", "Share of the quota in use; appends are refused from 0.95");
        meter.CreateObservableGauge("culprit.journal.queue", () => journal.QueuedBytes, "By", "Appends that wait for the disk");
        meter.CreateObservableGauge(
            "culprit.journal.writable", () => journal.State == JournalState.Writable ? 1 : 0, null, "1 while the journal takes appends");
        meter.CreateObservableGauge(
            "culprit.journal.damaged", () => journal.CorruptRangeCount, "{range}", "Damaged ranges met since the start");
    }
}
