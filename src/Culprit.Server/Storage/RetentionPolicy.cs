using Culprit.Engine.Records;
using Culprit.Server.Configuration;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>How long what is kept.</summary>
/// <param name="Keep">Records of the default class.</param>
/// <param name="MaxBytes">All segments together; null for no limit.</param>
/// <param name="Events">Events of ended incidents, and summaries.</param>
internal sealed record RetentionPolicy(TimeSpan Keep, long? MaxBytes, TimeSpan Events)
{
    /// <param name="section">Checked.</param>
    public static RetentionPolicy From(RetentionSection section) => new(
        KeepTime.TryParse(section.Keep, out var keep) ? keep : throw new ArgumentException(section.Keep, nameof(section)),
        section.MaxBytes,
        KeepTime.TryParse(section.Events, out var events) ? events : throw new ArgumentException(section.Events, nameof(section)));

    /// <summary>The segments that must go now, the oldest first.</summary>
    public IReadOnlyList<Segment> Due(IEnumerable<Segment> segments, DateTimeOffset now)
    {
        var due = new List<Segment>();
        var rest = new List<Segment>();
        foreach (var segment in segments.OrderBy(s => s.ReceivedNanos).ThenBy(s => s.FirstSequence))
        {
            (IsExpired(segment, now) ? due : rest).Add(segment);
        }

        var excess = rest.Sum(s => s.Bytes) - (MaxBytes ?? long.MaxValue);
        for (var i = 0; excess > 0; i++)
        {
            due.Add(rest[i]);
            excess -= rest[i].Bytes;
        }

        return due;
    }

    /// <summary>True when its newest record came in longer ago than its class is kept.</summary>
    public bool IsExpired(Segment segment, DateTimeOffset now) =>
        segment.ReceivedNanos < UnixNanos.From(now - KeepOf(segment.RetentionClass));

    /// <summary>How long a retention class is kept.</summary>
    public TimeSpan KeepOf(string retentionClass) => KeepTime.TryParse(retentionClass, out var keep) ? keep : Keep;
}
