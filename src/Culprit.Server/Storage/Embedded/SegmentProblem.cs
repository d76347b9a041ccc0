namespace Culprit.Server.Storage.Embedded;

/// <summary>A listed segment whose records cannot be read; queries answer without it.</summary>
/// <param name="Rows">Records that are out of reach.</param>
/// <param name="Reason">What is wrong and where the file is, in words for the operator.</param>
internal sealed record SegmentProblem(string Name, long Rows, string Reason);
