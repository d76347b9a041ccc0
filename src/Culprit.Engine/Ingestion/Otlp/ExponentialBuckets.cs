namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The buckets of an exponential histogram with their bounds written out.</summary>
internal static class ExponentialBuckets
{
    private const uint Offset = (1 << 3) | ProtoReader.Varint;
    private const uint Counts = (2 << 3) | ProtoReader.Bytes;

    /// <summary>Bucket counts, the zeros first, and upper bounds; both empty when there are no positive values or the bounds are no numbers.</summary>
    /// <remarks>Bucket i of scale s holds values up to 2^((i + 1) / 2^s). Negative values are left out: durations and sizes have none.</remarks>
    public static (ulong[] Buckets, double[] Bounds) Read(ReadOnlySpan<byte> positive, int scale, ulong zeros)
    {
        var offset = 0;
        var counts = new List<ulong>();
        var reader = new ProtoReader(positive);
        while (reader.Read())
        {
            if (reader.Tag == Offset)
            {
                offset = reader.SInt32;
            }
            else if (reader.Tag == Counts)
            {
                var packed = reader.Content;
                while (counts.Count < Distribution.MaxBuckets && ProtoReader.TryReadVarint(ref packed, out var count))
                {
                    counts.Add(count);
                }
            }
        }

        if (reader.IsBroken || counts.Count == 0 || counts.Count == Distribution.MaxBuckets || scale is < -20 or > 30)
        {
            return ([], []);
        }

        // (-∞, lower bound of the first bucket] holds the zeros; nothing lies above the last bound.
        var bounds = new double[counts.Count + 1];
        for (var i = 0; i < bounds.Length; i++)
        {
            bounds[i] = Math.Pow(2, ((double)offset + i) * Math.Pow(2, -scale));
        }

        return Array.TrueForAll(bounds, double.IsFinite) ? ([zeros, .. counts, 0], bounds) : ([], []);
    }
}
