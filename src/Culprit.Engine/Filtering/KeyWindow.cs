namespace Culprit.Engine.Filtering;

/// <summary>The window that a key is in: when it began and how many records it has seen.</summary>
internal readonly record struct KeyWindow(long SinceNanos, long Count);
