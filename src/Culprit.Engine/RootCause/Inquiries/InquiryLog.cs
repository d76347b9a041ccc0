using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>Counts what the services of one environment say before and within the range that somebody asks about.</summary>
/// <remarks>Bounded: <see cref="MaxServices"/> services with <see cref="MaxPatterns"/> WARN-or-worse patterns each; further ones are counted in the totals only.</remarks>
internal sealed class InquiryLog(InquiryRange range)
{
    internal const int MaxServices = 1000;
    internal const int MaxPatterns = 500;

    private readonly SortedDictionary<string, InquiredService> _services = new(StringComparer.Ordinal);

    public InquiryRange Range => range;

    public IReadOnlyDictionary<string, InquiredService> Services => _services;

    /// <summary>Event time of the first record of any service.</summary>
    public long FirstNanos { get; private set; } = long.MaxValue;

    /// <summary>What found no room.</summary>
    public long Dropped { get; private set; }

    /// <param name="journalId">Part of the ids of records that their senders did not name.</param>
    public void Observe(string service, in LogRecord record, PatternId pattern, long timeNanos, ulong journalId)
    {
        var slot = range.SlotOf(timeNanos);
        if (slot >= InquiryRange.Slots)
        {
            return;
        }

        FirstNanos = Math.Min(FirstNanos, timeNanos);
        if (!_services.TryGetValue(service, out var said))
        {
            if (_services.Count >= MaxServices)
            {
                Dropped++;
                return;
            }

            said = new InquiredService(service);
            _services.Add(service, said);
        }

        said.Count(slot, timeNanos, record.Weight, record.Severity.IsError());
        if (record.Severity < Severity.Warn)
        {
            return;
        }

        if (!said.Patterns.TryGetValue(pattern, out var counted))
        {
            if (said.Patterns.Count >= MaxPatterns)
            {
                Dropped++;
                return;
            }

            counted = new InquiredPattern(pattern);
            said.Patterns.Add(pattern, counted);
        }

        counted.Count(slot, timeNanos, record.Weight, record.Severity);
        if (slot >= 0)
        {
            counted.Keep(RecordRef.Of(record, journalId, timeNanos, service));
        }
    }
}
