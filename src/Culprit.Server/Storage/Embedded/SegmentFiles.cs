namespace Culprit.Server.Storage.Embedded;

/// <summary>The files that one question reads.</summary>
/// <param name="HaveAllColumns">False when an older version wrote one of them.</param>
internal readonly record struct SegmentFiles(IReadOnlyList<string> Paths, bool HaveAllColumns);
