using ParquetSharp;
using ParquetSharp.Schema;
using Encoding = ParquetSharp.Encoding;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The columns of a segment, in order; described for readers of the files in <c>docs/storage.md</c>.</summary>
internal static class SegmentSchema
{
    public const int Sequence = 0;
    public const int Timestamp = 1;
    public const int Nanos = 2;
    public const int Kind = 3;
    public const int Type = 4;
    public const int Level = 5;
    public const int Service = 6;
    public const int Environment = 7;
    public const int Source = 8;
    public const int Body = 9;
    public const int Attributes = 10;
    public const int TraceId = 11;
    public const int SpanId = 12;
    public const int Id = 13;
    public const int CorrelationId = 14;
    public const int CausationId = 15;
    public const int Flags = 16;
    public const int Pattern = 17;
    public const int DuplicateOf = 18;
    public const int Weight = 19;
    public const int Count = 20;

    private const int PageBytes = 128 * 1024;

    // Values that hardly repeat: a dictionary would be built, found useless and thrown away for every segment.
    private static readonly string[] Unique =
        ["sequence", "timestamp", "body", "attributes", "trace_id", "span_id", "id", "correlation_id", "causation_id", "duplicate_of"];

    // Comparing long or random texts to keep their smallest and largest would cost more than it can ever save.
    private static readonly string[] WithoutStatistics =
        ["body", "attributes", "trace_id", "span_id", "id", "correlation_id", "causation_id"];

    private static readonly Dictionary<string, int> Numbers = NumberColumns();

    /// <summary>The number of a column in a file, whatever its place there.</summary>
    /// <exception cref="InvalidDataException">No version writes such a column.</exception>
    public static int NumberOf(string name) =>
        Numbers.TryGetValue(name, out var number) ? number : throw new InvalidDataException($"Column {name} is unknown.");

    public static GroupNode Create() => new(
        "record",
        Repetition.Required,
        [
            new PrimitiveNode("sequence", Repetition.Required, LogicalType.Int(64, isSigned: true), PhysicalType.Int64),
            new PrimitiveNode(
                "timestamp", Repetition.Required, LogicalType.Timestamp(true, TimeUnit.Micros), PhysicalType.Int64),
            new PrimitiveNode("nanos", Repetition.Required, LogicalType.Int(16, isSigned: false), PhysicalType.Int32),
            Text("kind", Repetition.Required),
            Text("type", Repetition.Optional),
            Text("level", Repetition.Required),
            Text("service", Repetition.Required),
            Text("environment", Repetition.Required),
            Text("source", Repetition.Required),
            Text("body", Repetition.Required),
            Text("attributes", Repetition.Required),
            Text("trace_id", Repetition.Optional),
            Text("span_id", Repetition.Optional),
            Text("id", Repetition.Optional),
            Text("correlation_id", Repetition.Optional),
            Text("causation_id", Repetition.Optional),
            new PrimitiveNode("flags", Repetition.Required, LogicalType.Int(16, isSigned: false), PhysicalType.Int32),
            new PrimitiveNode("pattern", Repetition.Required, LogicalType.Int(64, isSigned: false), PhysicalType.Int64),
            new PrimitiveNode("duplicate_of", Repetition.Optional, LogicalType.Int(64, isSigned: true), PhysicalType.Int64),
            new PrimitiveNode("weight", Repetition.Required, LogicalType.Int(16, isSigned: false), PhysicalType.Int32),
        ]);

    public static WriterProperties CreateProperties(int compressionLevel)
    {
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(Compression.Zstd)
            .CompressionLevel(compressionLevel)
            .DataPagesize(PageBytes)
            .EnablePageChecksum()
            .CreatedBy("culprit");
        foreach (var column in Unique)
        {
            builder.DisableDictionary(column);
        }

        foreach (var column in WithoutStatistics)
        {
            builder.DisableStatistics(column);
        }

        // Ids of one length, whose lengths would otherwise stand between them and spoil what little can be saved.
        builder.Encoding("trace_id", Encoding.DeltaLengthByteArray);
        builder.Encoding("sequence", Encoding.DeltaBinaryPacked);
        builder.Encoding("timestamp", Encoding.DeltaBinaryPacked);
        return builder.Build();
    }

    private static Dictionary<string, int> NumberColumns()
    {
        using var schema = Create();
        return schema.Fields.Select((f, i) => (f.Name, i)).ToDictionary(f => f.Name, f => f.i, StringComparer.Ordinal);
    }

    private static PrimitiveNode Text(string name, Repetition repetition) =>
        new(name, repetition, LogicalType.String(), PhysicalType.ByteArray);
}
