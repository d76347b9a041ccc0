namespace Culprit.Server.Storage.Embedded;

/// <summary>A row group: the smallest part of a segment that can be read alone.</summary>
/// <param name="MinMicros">Earliest event time, rounded down as in the file.</param>
/// <param name="MaxMicros">Latest, likewise.</param>
/// <param name="KeysAt">Where in the file the filter of its keys begins.</param>
/// <param name="KeyBlocks">Blocks of that filter; 0 when no record has a key.</param>
/// <param name="TrigramsAt">Where in the file the trigrams of its messages are; 0 when it has none.</param>
internal readonly record struct SegmentGroup(
    int Rows, long MinMicros, long MaxMicros, long KeysAt, int KeyBlocks, long TrigramsAt);
