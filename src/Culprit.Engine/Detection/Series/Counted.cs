namespace Culprit.Engine.Detection.Series;

/// <summary>A count at a numbered step or minute.</summary>
internal readonly record struct Counted(long At, long Count);
