namespace Culprit.Server.Storage.Embedded;

/// <summary>A listed segment whose records cannot be read; queries answer without it.</summary>
/// <param name="Reason">What is wrong and where the file is, in words for the operator.</param>
internal sealed record SegmentProblem(Segment Segment, string Reason)
{
    public string Name => Segment.Name;

    /// <summary>Records that are out of reach.</summary>
    public long Rows => Segment.Rows;
}
