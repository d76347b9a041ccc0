using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Http;
using Culprit.Server.Journal;
using Culprit.Server.Storage;

namespace Culprit.Server.Ingestion;

/// <summary>Refuses more while memory or journal are short of room: nothing acknowledged is dropped to make some.</summary>
internal sealed class IngestPressure(
    IRecordStore records, RecordFeed feed, IJournal journal, MemoryCap memory, IngestLimits limits, KeyQuotas quotas, IngestionMetrics metrics, TimeProvider clock)
{
    // From here the journal keeps what room it has for those who cannot wait; it refuses them, too, from 95 %.
    private const double FillForUrgent = 0.8;

    private readonly DrainRate _store = new(clock);

    /// <summary>The answer to whoever sends now, counted, or null while there is room.</summary>
    /// <param name="canWait">The sender said so (<see cref="RequestPriority"/>). A key may say so for all that come with it.</param>
    public Problem? Refusal(bool canWait)
    {
        var caller = Caller.Current;
        if (quotas.Refusal(caller) is { } spent)
        {
            metrics.RequestRefused("key_quota");
            return spent;
        }

        canWait |= caller?.Key?.IsLowPriority == true;
        var pending = records.PendingBytes;
        _store.Observe(pending);
        if (feed.IsOverloaded)
        {
            return Refuse("store_behind", "Detection and storage are behind", _store.TimeUntil(pending, limits.MaxPendingBytes));
        }

        if (memory.IsReached)
        {
            return Refuse("memory", "The server has reached its memory cap", DrainRate.Jittered(2));
        }

        return canWait && journal.Fill > FillForUrgent
            ? Refuse("low_priority", "The journal is filling up, and this can wait", DrainRate.Jittered(10))
            : null;
    }

    private Problem Refuse(string reason, string detail, TimeSpan retryAfter)
    {
        metrics.RequestRefused(reason);
        return new Problem(503, "overloaded", detail + "; nothing was taken.") { RetryAfter = retryAfter };
    }
}
