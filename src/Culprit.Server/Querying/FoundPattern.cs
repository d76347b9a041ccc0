using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>One pattern of an answer: what was counted under all of its ids.</summary>
internal sealed class FoundPattern(PatternId id)
{
    public PatternId Id => id;

    /// <summary>Records in the store.</summary>
    public long Records { get; private set; }

    /// <summary>Records that these stand for after sampling.</summary>
    public long Count { get; private set; }

    public SortedDictionary<string, long> Services { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<Severity, long> Levels { get; } = [];

    /// <summary>Some of its newest records, newest first; empty while nobody looked.</summary>
    public IReadOnlyList<StoredRecord> Newest { get; set; } = [];

    /// <summary>Some of its oldest records, oldest first; empty while nobody looked.</summary>
    public IReadOnlyList<StoredRecord> Oldest { get; set; } = [];

    public void Add(CountRow row)
    {
        Records += row.Records;
        Count += row.Count;
        Services[row.Service!] = Services.GetValueOrDefault(row.Service!) + row.Count;
        Levels[row.Level!.Value] = Levels.GetValueOrDefault(row.Level.Value) + row.Count;
    }
}
