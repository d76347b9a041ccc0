using System.Buffers.Text;
using System.IO.Hashing;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Points of histograms and summaries -> a count, and where an interval is known the mean and the 95th percentile of its values.</summary>
internal sealed class DistributionMapper(OtlpBatch batch, CumulativePoints cumulative)
{
    private const uint StartTime = (2 << 3) | ProtoReader.Fixed64;
    private const uint Time = (3 << 3) | ProtoReader.Fixed64;
    private const uint Count = (4 << 3) | ProtoReader.Fixed64;
    private const uint Sum = (5 << 3) | ProtoReader.Fixed64;

    private const uint HistogramBuckets = (6 << 3) | ProtoReader.Bytes;
    private const uint HistogramBounds = (7 << 3) | ProtoReader.Bytes;
    private const uint HistogramAttributes = (9 << 3) | ProtoReader.Bytes;
    private const uint Flags = (10 << 3) | ProtoReader.Varint;
    private const uint HistogramMin = (11 << 3) | ProtoReader.Fixed64;
    private const uint HistogramMax = (12 << 3) | ProtoReader.Fixed64;

    private const uint ExponentialAttributes = (1 << 3) | ProtoReader.Bytes;
    private const uint Scale = (6 << 3) | ProtoReader.Varint;
    private const uint ZeroCount = (7 << 3) | ProtoReader.Fixed64;
    private const uint Positive = (8 << 3) | ProtoReader.Bytes;
    private const uint ExponentialMin = (12 << 3) | ProtoReader.Fixed64;
    private const uint ExponentialMax = (13 << 3) | ProtoReader.Fixed64;

    private const uint QuantileValues = (6 << 3) | ProtoReader.Bytes;
    private const uint SummaryAttributes = (7 << 3) | ProtoReader.Bytes;
    private const uint SummaryFlags = (8 << 3) | ProtoReader.Varint;

    private readonly MetricPointWriter _writer = new(batch);
    private readonly XxHash128 _hash = new();

    public void MapHistogram(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, bool isDelta)
    {
        if (!TryReadHead(message, Flags, HistogramMin, HistogramMax, out var head, out var facts))
        {
            return;
        }

        ulong[] buckets = [];
        double[] bounds = [];
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            buckets = reader.Tag == HistogramBuckets ? ReadPacked(reader.Content) : buckets;
            bounds = reader.Tag == HistogramBounds ? Array.ConvertAll(ReadPacked(reader.Content), BitConverter.UInt64BitsToDouble) : bounds;
        }

        var isUsable = buckets.Length == bounds.Length + 1 && bounds.Length > 0 && Array.TrueForAll(bounds, double.IsFinite);
        Write(
            new MetricPoint(message, HistogramAttributes, name, unit),
            head with { Buckets = isUsable ? buckets : [], Bounds = isUsable ? bounds : [] },
            facts,
            isDelta);
    }

    public void MapExponential(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, bool isDelta)
    {
        if (!TryReadHead(message, Flags, ExponentialMin, ExponentialMax, out var head, out var facts))
        {
            return;
        }

        var (scale, zeros) = (0, 0ul);
        ReadOnlySpan<byte> positive = default;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            scale = reader.Tag == Scale ? reader.SInt32 : scale;
            zeros = reader.Tag == ZeroCount ? reader.Value : zeros;
            positive = reader.Tag == Positive ? reader.Content : positive;
        }

        var (buckets, bounds) = ExponentialBuckets.Read(positive, scale, zeros);
        Write(new MetricPoint(message, ExponentialAttributes, name, unit), head with { Buckets = buckets, Bounds = bounds }, facts, isDelta);
    }

    public void MapSummary(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit)
    {
        if (!TryReadHead(message, SummaryFlags, 0, 0, out var head, out var facts))
        {
            return;
        }

        var point = new MetricPoint(message, SummaryAttributes, name, unit);
        _writer.Begin(point);
        _writer.Write(point.WithoutUnit, ".count"u8, head.Count, head.TimeNanos, facts);
        Span<byte> ending = stackalloc byte[40];
        ".q"u8.CopyTo(ending);
        var reader = new ProtoReader(message);
        while (reader.Read() && batch.Result.Fatal is null)
        {
            if (reader.Tag != QuantileValues)
            {
                continue;
            }

            var (share, value) = (double.NaN, 0.0);
            var pair = new ProtoReader(reader.Content);
            while (pair.Read())
            {
                share = pair.Tag == ((1 << 3) | ProtoReader.Fixed64) ? pair.Double : share;
                value = pair.Tag == ((2 << 3) | ProtoReader.Fixed64) ? pair.Double : value;
            }

            // 0.999 is q99.9; summaries have a handful of quantiles, and those without values say NaN.
            if (share is >= 0 and <= 1 && double.IsFinite(value) && Utf8Formatter.TryFormat(Math.Round(100 * share, 6), ending[2..], out var digits))
            {
                _writer.Write(point, ending[..(2 + digits)], value, head.TimeNanos, default);
            }
        }
    }

    /// <summary>What all three kinds have under the same numbers; false when there is nothing to take.</summary>
    private bool TryReadHead(ReadOnlySpan<byte> message, uint flagsTag, uint minTag, uint maxTag, out Distribution head, out DistributionFacts facts)
    {
        ulong start = 0, time = 0, count = 0, flags = 0;
        double? sum = null, min = null, max = null;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case StartTime:
                    start = reader.Value;
                    break;
                case Time:
                    time = reader.Value;
                    break;
                case Count:
                    count = reader.Value;
                    break;
                case Sum:
                    sum = reader.Double;
                    break;
                case var tag when tag == flagsTag:
                    flags = reader.Value;
                    break;
                case var tag when tag == minTag:
                    min = reader.Double;
                    break;
                case var tag when tag == maxTag:
                    max = reader.Double;
                    break;
                default:
                    break;
            }
        }

        head = new Distribution(start, time, count, sum, [], []);
        facts = new DistributionFacts(sum, min, max);
        if (reader.IsBroken)
        {
            batch.Break();
        }

        return !reader.IsBroken && !MetricPointWriter.HasNoValue(flags);
    }

    private void Write(in MetricPoint point, Distribution sent, in DistributionFacts facts, bool isDelta)
    {
        _writer.Begin(point);
        _writer.Write(point.WithoutUnit, isDelta ? ".count.delta"u8 : ".count"u8, sent.Count, sent.TimeNanos, facts);
        var interval = isDelta ? sent : sent.TimeNanos == 0 ? null : cumulative.Interval(KeyOf(point), sent);
        if (interval?.Mean is { } mean)
        {
            _writer.Write(point, ".mean"u8, mean, sent.TimeNanos, default);
        }

        if (interval?.Quantile(0.95) is { } high && double.IsFinite(high))
        {
            _writer.Write(point, ".q95"u8, high, sent.TimeNanos, default);
        }
    }

    private UInt128 KeyOf(in MetricPoint point)
    {
        _hash.Reset();
        Append(batch.Origin.Service);
        Append(batch.Origin.Environment);
        Append(point.Name);
        Append(_writer.Series);
        return _hash.GetCurrentHashAsUInt128();

        void Append(ReadOnlySpan<byte> part)
        {
            _hash.Append(part);
            _hash.Append([(byte)0]);
        }
    }

    private static ulong[] ReadPacked(ReadOnlySpan<byte> packed)
    {
        if (packed.Length / 8 > Distribution.MaxBuckets)
        {
            return [];
        }

        var values = new ulong[packed.Length / 8];
        for (var i = 0; i < values.Length && ProtoReader.TryReadFixed64(ref packed, out values[i]); i++)
        {
        }

        return values;
    }
}
