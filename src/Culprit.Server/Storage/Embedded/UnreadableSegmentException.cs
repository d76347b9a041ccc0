namespace Culprit.Server.Storage.Embedded;

/// <summary>A segment whose rows should be copied is damaged, missing, or cannot be opened.</summary>
internal sealed class UnreadableSegmentException(Segment segment, Exception cause)
    : IOException($"Segment {segment.Name} cannot be read: {cause.Message}", cause)
{
    public Segment Segment => segment;
}
