namespace Culprit.Server.Storage.Embedded;

/// <summary>The records of one series in one span of time.</summary>
/// <param name="Series">Its number in the table that goes with it.</param>
/// <param name="Span">Minutes or hours since 1970.</param>
/// <param name="Records">Records that are kept.</param>
/// <param name="Count">Records that these stand for after sampling.</param>
internal readonly record struct SeriesCount(int Series, long Span, long Records, long Count);
