namespace Culprit.Server.Journal;

/// <summary>Bytes of the journal that could not be read, and what was done with them.</summary>
/// <param name="Segment">File name of the segment.</param>
/// <param name="Offset">Where the bytes begin in it.</param>
/// <param name="Length">How many; 0 when the entries are missing without a trace.</param>
/// <param name="FirstSequence">First sequence that may be missing.</param>
/// <param name="Reason">In words.</param>
/// <param name="SavedAs">File name in <c>corrupt/</c>; null when they could not be saved.</param>
internal sealed record CorruptRange(
    string Segment, long Offset, long Length, long FirstSequence, string Reason, string? SavedAs);
