namespace Culprit.Server.Storage.Embedded;

/// <summary>One published Parquet file as the manifest lists it.</summary>
/// <param name="Name">File name without folder; made of its sequences, never of input.</param>
/// <param name="MinNanos">Earliest event time in it.</param>
/// <param name="MaxNanos">Latest event time in it, inclusive.</param>
/// <param name="RowsWithId">Rows that carry a sender's id; 0 spares a search by id.</param>
internal sealed record Segment(
    string Name,
    string RetentionClass,
    long FirstSequence,
    long LastSequence,
    long MinNanos,
    long MaxNanos,
    long Rows,
    long RowsWithId,
    long Bytes)
{
    public const string Extension = ".parquet";
    public const string DefaultRetentionClass = "default";

    public static string NameOf(long firstSequence, long lastSequence) =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{firstSequence:x16}-{lastSequence:x16}{Extension}");
}
