namespace Culprit.Engine.Ingestion;

/// <summary>An event of a batch that was not taken.</summary>
internal readonly record struct Rejection(int Index, string Code, string Detail);

/// <summary>What a body held.</summary>
internal sealed class BatchParse
{
    public List<Rejection> Rejected { get; } = [];

    /// <summary>Events in the body, rejected ones and duplicates included.</summary>
    public int Total { get; set; }

    public int Duplicates { get; set; }

    /// <summary>The body was exactly one object, not announced as NDJSON.</summary>
    public bool IsSingle { get; set; }

    /// <summary>A record has no time of its own, so an equal body later may be new events instead of a resend.</summary>
    public bool IsUndated { get; set; }

    /// <summary>Set when nothing of the body may be taken: why, and at which byte.</summary>
    public ParseResult? Fatal { get; set; }

    public void Reset()
    {
        Rejected.Clear();
        Total = 0;
        Duplicates = 0;
        IsSingle = false;
        IsUndated = false;
        Fatal = null;
    }
}
