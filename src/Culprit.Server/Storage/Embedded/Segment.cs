using System.Globalization;

namespace Culprit.Server.Storage.Embedded;

/// <summary>One published Parquet file as the manifest lists it.</summary>
/// <param name="Name">File name without folder; made of its sequences, never of input.</param>
/// <param name="MinNanos">Earliest event time in it.</param>
/// <param name="MaxNanos">Latest event time in it, inclusive.</param>
/// <param name="RowsWithId">Rows that carry a sender's id; 0 spares a search by id.</param>
/// <param name="ReceivedNanos">When the newest record in it came in: its age, since event times may be wrong or long past.</param>
/// <param name="Columns">Columns of the file: older files have fewer.</param>
/// <param name="IndexAt">Where in the file its <see cref="SegmentIndex"/> begins; 0 when an older version wrote it without one.</param>
/// <param name="IndexBytes">The index and its filters; part of <paramref name="Bytes"/>.</param>
internal sealed record Segment(
    string Name,
    string RetentionClass,
    long FirstSequence,
    long LastSequence,
    long MinNanos,
    long MaxNanos,
    long Rows,
    long RowsWithId,
    long Bytes,
    long ReceivedNanos,
    int Columns,
    long IndexAt = 0,
    int IndexBytes = 0)
{
    public const string Extension = ".parquet";

    /// <param name="retentionClass">Segments of several classes are cut from the same batches.</param>
    /// <param name="generation">How often its records were merged: a segment never takes the name of what it replaces.</param>
    public static string NameOf(long firstSequence, long lastSequence, int retentionClass, int generation = 0)
    {
        var suffix = (retentionClass, generation) switch
        {
            (0, 0) => "",
            (_, 0) => string.Create(CultureInfo.InvariantCulture, $"-{retentionClass}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"-{retentionClass}-{generation}"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{firstSequence:x16}-{lastSequence:x16}{suffix}{Extension}");
    }

    /// <summary>The number of the retention class in a name of <see cref="NameOf"/>.</summary>
    public static int ClassOf(string name) => PartOf(name, 2);

    /// <summary>The generation in a name of <see cref="NameOf"/>.</summary>
    public static int GenerationOf(string name) => PartOf(name, 3);

    private static int PartOf(string name, int part) =>
        Path.GetFileNameWithoutExtension(name).Split('-') is var parts && parts.Length > part
            ? int.Parse(parts[part], CultureInfo.InvariantCulture)
            : 0;
}
