using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>The stretch of time that somebody asks about.</summary>
internal sealed record InquiryRange(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Parts into which the range is counted.</summary>
    public const int Slots = 120;

    public long FromNanos { get; } = UnixNanos.From(From);

    public long ToNanos { get; } = UnixNanos.From(To);

    public long SlotNanos => Math.Max(1, (ToNanos - FromNanos + Slots - 1) / Slots);

    /// <summary>Which part a moment falls into: negative before the range, <see cref="Slots"/> or more after it.</summary>
    public long SlotOf(long nanos) => (long)Math.Floor((nanos - FromNanos) / (double)SlotNanos);
}
