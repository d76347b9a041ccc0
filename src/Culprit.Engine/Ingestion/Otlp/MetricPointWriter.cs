using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Writes one value of one series as a record, laid out as <c>POST /events</c> lays out a <c>metric.value</c>.</summary>
internal sealed class MetricPointWriter(OtlpBatch batch)
{
    private const uint Time = (3 << 3) | ProtoReader.Fixed64;
    private const uint AsDouble = (4 << 3) | ProtoReader.Fixed64;
    private const uint AsInt = (6 << 3) | ProtoReader.Fixed64;
    private const uint NumberAttributes = (7 << 3) | ProtoReader.Bytes;
    private const uint Flags = (8 << 3) | ProtoReader.Varint;

    private readonly TextScratch _text = new();
    private readonly SeriesName _series = new();

    /// <summary>True for a point that only says that its series has ended.</summary>
    public static bool HasNoValue(ulong flags) => (flags & 1) != 0;

    /// <summary>The point of a gauge or sum.</summary>
    /// <param name="ending">Appended to the name.</param>
    public void WriteNumber(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> ending)
    {
        ulong time = 0, flags = 0;
        double? value = null;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case Time:
                    time = reader.Value;
                    break;
                case AsDouble:
                    value = reader.Double;
                    break;
                case AsInt:
                    value = (long)reader.Value;
                    break;
                case Flags:
                    flags = reader.Value;
                    break;
                default:
                    break;
            }
        }

        if (reader.IsBroken)
        {
            batch.Break();
        }
        else if (!HasNoValue(flags))
        {
            if (value is { } number && double.IsFinite(number))
            {
                var point = new MetricPoint(message, NumberAttributes, name, unit);
                Begin(point);
                Write(point, ending, number, time, default);
            }
            else
            {
                batch.Reject(RejectionCodes.OutOfRange, "a data point needs a finite number");
            }
        }
    }

    /// <summary>The identity of the point's series among those of its metric.</summary>
    public ReadOnlySpan<byte> Series => _series.Text;

    /// <summary>Takes up a point; values of it may follow.</summary>
    public void Begin(in MetricPoint point) => _series.Read(point.Message, point.AttributesTag, batch.Origin.Instance);

    /// <summary>Writes one value of the point.</summary>
    public void Write(in MetricPoint point, ReadOnlySpan<byte> ending, double value, ulong time, in DistributionFacts facts)
    {
        batch.Open();
        batch.Attributes.AddNumber("value"u8, value);
        batch.Attributes.AddText("unit"u8, point.Unit);
        batch.Attributes.AddText("series"u8, _series.Text);
        facts.AddTo(batch.Attributes);
        var reader = new ProtoReader(point.Message);
        while (reader.Read())
        {
            if (reader.Tag == point.AttributesTag)
            {
                batch.Attributes.Add(reader.Content);
            }
        }

        _text.Clear();
        _text.Append(ByteText.Cut(point.Name, EventLimits.MaxSourceBytes - 32));
        _text.Append(ending);
        batch.Commit(EventKind.Metric, Severity.Info, _text.From(0), time);
    }
}

/// <summary>A data point where it lies, with what its metric says.</summary>
/// <param name="attributesTag">The field of the point that holds its attributes.</param>
internal readonly ref struct MetricPoint(ReadOnlySpan<byte> message, uint attributesTag, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit)
{
    public ReadOnlySpan<byte> Message { get; } = message;

    public uint AttributesTag { get; } = attributesTag;

    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Unit { get; } = unit;

    /// <summary>The same, for a count.</summary>
    public MetricPoint WithoutUnit => new(Message, AttributesTag, Name, default);
}

/// <summary>What a distribution says beside its count; null where it does not.</summary>
internal readonly record struct DistributionFacts(double? Sum, double? Min, double? Max)
{
    public void AddTo(OtlpAttributes attributes)
    {
        Add(attributes, "sum"u8, Sum);
        Add(attributes, "min"u8, Min);
        Add(attributes, "max"u8, Max);
    }

    private static void Add(OtlpAttributes attributes, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            attributes.AddNumber(name, number);
        }
    }
}
