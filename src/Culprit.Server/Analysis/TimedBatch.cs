using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analysis;

/// <summary>A batch of one file with the time at which each record is played.</summary>
/// <remarks>
/// Lines of a file stand in the order of writing, and nearly in that of time. A record's time is the median of its own
/// timestamp and its eight neighbours', and never less than the one before: one clock that runs ahead or a line that was
/// held back moves no time but its own.
/// </remarks>
internal sealed class TimedBatch
{
    private const int Reach = 4;

    private TimedBatch(RecordBatch batch, long[] keys)
    {
        Batch = batch;
        Keys = keys;
        Annotations = new BatchAnnotations(batch.Count);
    }

    public RecordBatch Batch { get; private set; }

    /// <summary>Unix nanoseconds, never falling.</summary>
    public long[] Keys { get; }

    public BatchAnnotations Annotations { get; }

    /// <param name="floor">The last time of the file's batch before this one.</param>
    public static TimedBatch Of(RecordBatch batch, long floor)
    {
        var keys = new long[batch.Count];
        Span<long> window = stackalloc long[(2 * Reach) + 1];
        var times = new long[batch.Count];
        var last = floor;
        for (var i = 0; i < times.Length; i++)
        {
            // A time that is suspect says nothing: its neighbour's stands in.
            var record = batch[i];
            last = (record.Flags & RecordFlags.TimeSuspect) != 0 && last > long.MinValue ? last : record.TimestampNanos;
            times[i] = last;
        }

        for (var i = 0; i < times.Length; i++)
        {
            var isInOrder = (i == 0 || times[i - 1] <= times[i]) && (i == times.Length - 1 || times[i] <= times[i + 1]);
            var time = isInOrder ? times[i] : Median(times, i, window);
            floor = Math.Max(floor, time);
            keys[i] = floor;
        }

        return new TimedBatch(batch, keys);
    }

    /// <summary>Gives the records the sequences that follow from the order of playing.</summary>
    public void StartAt(long firstSequence) => Batch = Batch.At(firstSequence);

    private static long Median(long[] times, int at, Span<long> window)
    {
        var from = Math.Max(0, at - Reach);
        var to = Math.Min(times.Length, at + Reach + 1);
        var part = window[..(to - from)];
        times.AsSpan(from, to - from).CopyTo(part);
        part.Sort();
        return part[(part.Length - 1) / 2];
    }
}
