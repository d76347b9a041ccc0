using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Server.Patterns;

/// <summary>Counts records by pattern, and looks at the parameters of a part of them.</summary>
/// <remarks>
/// Bounded: beyond <see cref="MaxEntries"/> patterns the rarest half is counted together as <see cref="Others"/>, and
/// parameters are kept for the first <see cref="MaxPlaces"/> places. Whatever happens, the counts add up to <see cref="Records"/>.
/// </remarks>
internal sealed class PatternTally(PatternOptions options)
{
    internal const int MaxEntries = 65_536;
    internal const int MaxPlaces = 8_192;
    private const int SampleBytes = 400;

    private readonly PatternMiner _miner = new(options);
    private readonly ParameterScanner _scanner = new();
    private readonly Dictionary<PatternId, PatternEntry> _entries = [];
    private readonly Dictionary<ulong, string> _services = [];
    private int _places;

    public long Records { get; private set; }

    /// <summary>Records of patterns that had to be forgotten.</summary>
    public long Others { get; private set; }

    public void Add(in LogRecord record)
    {
        var id = _miner.AssignRecord(record);
        if (!_entries.TryGetValue(id, out var entry))
        {
            if (_entries.Count >= MaxEntries)
            {
                Shrink();
            }

            entry = new PatternEntry(id, Cut(record.Body));
            _entries.Add(id, entry);
        }

        Records++;
        entry.Observe(ServiceName(record.Service), record.TimestampNanos);
        if (IsLookedAt(entry))
        {
            _places += entry.Describe(_scanner.Extract(record.Body), record.Body);
        }
    }

    /// <summary>All patterns as they are now known, the commonest first.</summary>
    public IReadOnlyList<PatternEntry> Finish()
    {
        _miner.DrainAliases(new List<PatternAlias>());
        MergeAliases();
        foreach (var entry in _entries.Values)
        {
            entry.Text = _miner.Text(entry.Id) is { Length: > 0 } text ? text : entry.Sample;
        }

        return [.. _entries.Values.OrderByDescending(e => e.Count).ThenBy(e => e.Id.Value)];
    }

    private bool IsLookedAt(PatternEntry entry) =>
        (entry.Count <= 256 || entry.Count % 64 == 0) && (_places < MaxPlaces || entry.Parameters.Count > 0);

    private void MergeAliases()
    {
        // The entry with the most records keeps its parameters.
        var merged = new Dictionary<PatternId, PatternEntry>();
        foreach (var entry in _entries.Values.OrderByDescending(e => e.Count).ThenBy(e => e.Id.Value))
        {
            var current = _miner.Resolve(entry.Id);
            if (!merged.TryGetValue(current, out var known))
            {
                known = new PatternEntry(current, entry);
                merged.Add(current, known);
            }
            else
            {
                known.Merge(entry);
            }
        }

        _entries.Clear();
        foreach (var (id, entry) in merged)
        {
            _entries.Add(id, entry);
        }
    }

    private void Shrink()
    {
        MergeAliases();
        if (_entries.Count < MaxEntries / 2)
        {
            return;
        }

        foreach (var entry in _entries.Values.OrderBy(e => e.Count).ThenBy(e => e.Id.Value).Take(MaxEntries / 2).ToList())
        {
            Others += entry.Count;
            _places -= entry.Parameters.Count;
            _entries.Remove(entry.Id);
        }
    }

    private string ServiceName(ReadOnlySpan<byte> service)
    {
        var key = System.IO.Hashing.XxHash3.HashToUInt64(service);
        if (!_services.TryGetValue(key, out var name))
        {
            if (_services.Count >= MaxEntries)
            {
                _services.Clear(); // Only a shortcut to the strings.
            }

            name = Encoding.UTF8.GetString(service);
            _services.Add(key, name);
        }

        return name;
    }

    private static string Cut(ReadOnlySpan<byte> body) =>
        Encoding.UTF8.GetString(body.Length > SampleBytes ? body[..SampleBytes] : body);
}
