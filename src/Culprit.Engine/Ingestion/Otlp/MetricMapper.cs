using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The data points of a metric -> records of kind <see cref="EventKind.Metric"/> under names that say what they hold.</summary>
/// <remarks>
/// The engine takes a name that ends in <c>_total</c>, <c>_count</c> or <c>.count</c> for a counter, and any other for a level. So a
/// cumulative sum that only grows gets <c>_total</c> unless its name says so already, changes get <c>.delta</c>, and a level whose
/// name looks like a counter's gets <c>.value</c>. A histogram becomes <c>.count</c> and, per interval, <c>.mean</c> and <c>.q95</c>.
/// </remarks>
internal sealed class MetricMapper(OtlpBatch batch, CumulativePoints cumulative) : IOtlpMapper
{
    private const uint Name = (1 << 3) | ProtoReader.Bytes;
    private const uint Unit = (3 << 3) | ProtoReader.Bytes;
    private const uint Gauge = (5 << 3) | ProtoReader.Bytes;
    private const uint Sum = (7 << 3) | ProtoReader.Bytes;
    private const uint Histogram = (9 << 3) | ProtoReader.Bytes;
    private const uint ExponentialHistogram = (10 << 3) | ProtoReader.Bytes;
    private const uint Summary = (11 << 3) | ProtoReader.Bytes;

    private const uint Points = (1 << 3) | ProtoReader.Bytes;
    private const uint Temporality = (2 << 3) | ProtoReader.Varint;
    private const uint IsMonotonic = (3 << 3) | ProtoReader.Varint;

    private const ulong Delta = 1;
    private const ulong Cumulative = 2;

    private readonly MetricPointWriter _writer = new(batch);
    private readonly DistributionMapper _distributions = new(batch, cumulative);

    public void Begin(IEventIdFilter? ids)
    {
    }

    public void Map(ReadOnlySpan<byte> item)
    {
        ReadOnlySpan<byte> name = default, unit = default;
        var reader = new ProtoReader(item);
        while (reader.Read())
        {
            name = reader.Tag == Name ? reader.Content : name;
            unit = reader.Tag == Unit ? reader.Content : unit;
        }

        if (reader.IsBroken)
        {
            batch.Break();
            return;
        }

        reader = new ProtoReader(item);
        while (batch.Result.Fatal is null && reader.Read())
        {
            if (reader.Tag is Gauge or Sum or Histogram or ExponentialHistogram or Summary)
            {
                MapPoints(reader.Tag, reader.Content, name, unit);
            }
        }
    }

    public void Finish()
    {
    }

    private void MapPoints(uint kind, ReadOnlySpan<byte> points, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit)
    {
        ulong temporality = 0, isMonotonic = 0;
        var reader = new ProtoReader(points);
        while (reader.Read())
        {
            temporality = reader.Tag == Temporality ? reader.Value : temporality;
            isMonotonic = reader.Tag == IsMonotonic ? reader.Value : isMonotonic;
        }

        if (reader.IsBroken)
        {
            batch.Break();
            return;
        }

        reader = new ProtoReader(points);
        while (batch.Result.Fatal is null && reader.Read())
        {
            if (reader.Tag != Points || !batch.Count())
            {
                continue;
            }

            if (name.IsEmpty)
            {
                batch.Reject(RejectionCodes.MissingField, "a metric needs a name");
                continue;
            }

            switch (kind)
            {
                case Gauge:
                    _writer.WriteNumber(reader.Content, name, unit, LevelEnding(name));
                    break;
                case Sum:
                    _writer.WriteNumber(reader.Content, name, unit, temporality == Delta ? ".delta"u8
                        : temporality == Cumulative && isMonotonic != 0 ? CounterEnding(name) : LevelEnding(name));
                    break;
                case Histogram:
                    _distributions.MapHistogram(reader.Content, name, unit, temporality == Delta);
                    break;
                case ExponentialHistogram:
                    _distributions.MapExponential(reader.Content, name, unit, temporality == Delta);
                    break;
                default:
                    _distributions.MapSummary(reader.Content, name, unit);
                    break;
            }
        }
    }

    private static ReadOnlySpan<byte> CounterEnding(ReadOnlySpan<byte> name) => MetricName.IsCounter(name) ? default : "_total"u8;

    private static ReadOnlySpan<byte> LevelEnding(ReadOnlySpan<byte> name) => MetricName.IsCounter(name) ? ".value"u8 : default;
}
