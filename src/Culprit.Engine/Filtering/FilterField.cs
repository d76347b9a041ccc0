using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>One field of a record, as a filter or rule names it.</summary>
internal sealed class FilterField
{
    /// <summary>Every field but the paths, by name.</summary>
    private static readonly (string Name, FieldKind Kind)[] Names =
    [
        ("type", FieldKind.Type), ("source", FieldKind.Source), ("service", FieldKind.Service),
        ("environment", FieldKind.Environment), ("level", FieldKind.Level), ("message", FieldKind.Message),
        ("trace_id", FieldKind.TraceId), ("span_id", FieldKind.SpanId), ("correlation_id", FieldKind.CorrelationId),
        ("causation_id", FieldKind.CausationId), ("id", FieldKind.Id), ("timestamp", FieldKind.Timestamp),
    ];

    private readonly AttributePath? _path;

    private FilterField(FieldKind kind, string name, AttributePath? path)
    {
        Kind = kind;
        Name = name;
        _path = path;
    }

    /// <summary>What a reader is told when a name is none of them.</summary>
    public static string Known { get; } = string.Join(", ", Names.Select(n => n.Name)) + " or context.NAME";

    public FieldKind Kind { get; }

    /// <summary>Canonical text: parses to the same field.</summary>
    public string Name { get; }

    public override string ToString() => Name;

    /// <summary>A field by its simple name; null when there is none of that name.</summary>
    public static FilterField? Named(string name)
    {
        foreach (var (known, kind) in Names)
        {
            if (known == name)
            {
                return new FilterField(kind, known, null);
            }
        }

        return null;
    }

    /// <summary>A path into the attributes.</summary>
    public static FilterField InContext(IEnumerable<string> segments)
    {
        var path = new AttributePath(segments);
        return new FilterField(FieldKind.Context, "context." + path, path);
    }

    /// <summary>Reads a field name on its own, such as <c>service</c> or <c>context."http.status"</c>.</summary>
    public static bool TryParse(string text, out FilterField? field, out FilterError? error) =>
        new FilterParser(text).TryParseField(out field, out error);

    /// <exception cref="ArgumentException">The text names no field.</exception>
    public static FilterField Parse(string text) =>
        TryParse(text, out var field, out var error) ? field! : throw new ArgumentException(error!.Message, nameof(text));

    public FieldValue Read(in LogRecord record, FilterContext context) => Kind switch
    {
        FieldKind.Type => FieldValue.OfText(TypeName(record)),
        FieldKind.Source => FieldValue.OfOptional(record.Source),
        FieldKind.Service => FieldValue.OfText(record.Service),
        FieldKind.Environment => FieldValue.OfText(record.Environment),
        FieldKind.Level => FieldValue.OfOrdinal((long)record.Severity),
        FieldKind.Message => FieldValue.OfText(record.Body),
        FieldKind.TraceId => FieldValue.OfOptional(record.TraceId),
        FieldKind.SpanId => FieldValue.OfOptional(record.SpanId),
        FieldKind.CorrelationId => FieldValue.OfOptional(record.CorrelationId),
        FieldKind.CausationId => FieldValue.OfOptional(record.CausationId),
        FieldKind.Id => FieldValue.OfText(context.IdOf(record)),
        FieldKind.Timestamp => FieldValue.OfOrdinal(record.TimestampNanos),
        FieldKind.Context => _path!.Read(record, context),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown field {Kind}."),
    };

    /// <summary>The value for people and for the fields of events; null when the record has none.</summary>
    public string? ReadText(in LogRecord record, FilterContext context)
    {
        var value = Read(record, context);
        return value.Kind switch
        {
            FieldValueKind.Missing => null,
            FieldValueKind.Text => Encoding.UTF8.GetString(value.Utf8),
            FieldValueKind.Number => FilterText.Number(value.Number),
            FieldValueKind.Boolean => value.Ordinal == 1 ? "true" : "false",
            FieldValueKind.Ordinal => Kind == FieldKind.Level ? record.Severity.ToWire() : FilterText.Time(value.Ordinal),
            _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {value.Kind}."),
        };
    }

    internal static ReadOnlySpan<byte> TypeName(in LogRecord record) => record.Kind switch
    {
        EventKind.Log => "log.entry"u8,
        EventKind.Metric => "metric.value"u8,
        EventKind.Span => "span"u8,
        EventKind.Change => "change"u8,
        EventKind.Custom => record.Type,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)record.Kind}."),
    };
}
