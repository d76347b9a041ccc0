namespace Culprit.Engine.Storage;

/// <summary>The order of answers: by time, then by sequence, either way round.</summary>
internal static class RecordOrder
{
    /// <summary>Worst first: the order of a heap that keeps the best of what it has seen.</summary>
    public static IComparer<(long Nanos, long Sequence)> WorstFirst(bool oldestFirst) =>
        oldestFirst
            ? Comparer<(long Nanos, long Sequence)>.Create((a, b) => Compare(b, a))
            : Comparer<(long Nanos, long Sequence)>.Create(Compare);

    /// <summary>The order in which records are returned.</summary>
    public static IComparer<StoredRecord> OfAnswer(bool oldestFirst) =>
        Comparer<StoredRecord>.Create((a, b) =>
        {
            var order = Compare((a.TimestampNanos, a.Sequence), (b.TimestampNanos, b.Sequence));
            return oldestFirst ? order : -order;
        });

    /// <summary>True when <paramref name="a"/> comes strictly before <paramref name="b"/> in the answer.</summary>
    public static bool IsBefore((long Nanos, long Sequence) a, (long Nanos, long Sequence) b, bool oldestFirst) =>
        oldestFirst ? Compare(a, b) < 0 : Compare(a, b) > 0;

    private static int Compare((long Nanos, long Sequence) a, (long Nanos, long Sequence) b) =>
        a.Nanos != b.Nanos ? a.Nanos.CompareTo(b.Nanos) : a.Sequence.CompareTo(b.Sequence);
}
