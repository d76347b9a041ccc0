namespace Culprit.Engine.Ingestion;

/// <summary>An event of a batch that was not taken.</summary>
internal readonly record struct Rejection(int Index, string Code, string Detail);

/// <summary>What a body held.</summary>
internal sealed class BatchParse
{
    private readonly List<int> _withoutRecord = [];

    public List<Rejection> Rejected { get; } = [];

    /// <summary>Events in the body, rejected ones and duplicates included.</summary>
    public int Total { get; set; }

    /// <summary>Events that were taken before.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Events that were understood and are no records of their own.</summary>
    public int WithoutRecord { get; private set; }

    /// <summary>Something of it is not the sender's to write: another may send the same, and is heard.</summary>
    public bool HasForbidden { get; private set; }

    /// <summary>The body was exactly one object, not announced as NDJSON.</summary>
    public bool IsSingle { get; set; }

    /// <summary>A record has no time of its own, so an equal body later may be new events instead of a resend.</summary>
    public bool IsUndated { get; set; }

    /// <summary>Set when nothing of the body may be taken: why, and at which byte.</summary>
    public ParseResult? Fatal { get; set; }

    /// <param name="index">Of the event in the body.</param>
    public void CountDuplicate(int index)
    {
        Duplicates++;
        _withoutRecord.Add(index);
    }

    /// <summary>An event that was understood and is no record of its own: it belongs to the one before it, or asks for nothing to be kept.</summary>
    /// <param name="index">Of the event in the body.</param>
    public void CountWithoutRecord(int index)
    {
        WithoutRecord++;
        _withoutRecord.Add(index);
    }

    /// <summary>What was not rejected is known already.</summary>
    public void CountAllAsDuplicates()
    {
        Duplicates = Total - Rejected.Count;
        WithoutRecord = 0;
    }

    /// <summary>Rejects records that had been taken.</summary>
    /// <param name="refused">Place of each among the taken records, ascending, and why.</param>
    public void Forbid(IReadOnlyList<(int Record, string Detail)> refused, string code)
    {
        if (refused.Count == 0)
        {
            return;
        }

        HasForbidden = true;
        var others = Rejected.Select(r => r.Index).Concat(_withoutRecord).ToHashSet();
        var indexes = Enumerable.Range(0, Total).Where(i => !others.Contains(i)).ToList();
        foreach (var (record, detail) in refused)
        {
            // Where an event is several records, its place cannot be told exactly.
            Rejected.Add(new Rejection(record < indexes.Count ? indexes[record] : Total - 1, code, detail));
        }

        Rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
    }

    public void Reset()
    {
        HasForbidden = false;
        WithoutRecord = 0;
        _withoutRecord.Clear();
        Rejected.Clear();
        Total = 0;
        Duplicates = 0;
        IsSingle = false;
        IsUndated = false;
        Fatal = null;
    }
}
