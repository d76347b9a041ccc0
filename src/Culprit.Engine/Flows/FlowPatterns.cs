using System.Runtime.InteropServices;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Which patterns carry ids: messages of the others are not scanned for them.</summary>
internal sealed class FlowPatterns
{
    internal const int MaxPatterns = 65_536;

    /// <summary>After so many messages without an id only every so manieth is looked at.</summary>
    internal const int Looks = 64;

    private readonly Dictionary<PatternId, int> _without = [];

    /// <summary>Whether the next message of the pattern is worth scanning.</summary>
    public bool Wants(PatternId pattern)
    {
        if (_without.Count >= MaxPatterns && !_without.ContainsKey(pattern))
        {
            _without.Clear(); // Only a shortcut: it is learned again.
        }

        ref var without = ref CollectionsMarshal.GetValueRefOrAddDefault(_without, pattern, out _);
        without = without == int.MaxValue ? Looks : without + 1;
        return without <= Looks || without % Looks == 0;
    }

    /// <summary>A message of the pattern has an id.</summary>
    public void Found(PatternId pattern) => _without[pattern] = 0;

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_without.Count);
        foreach (var (pattern, without) in _without)
        {
            writer.Hash(pattern.Value);
            writer.Number(without);
        }
    }

    public void Restore(ref SnapshotReader reader)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            _without[new PatternId(reader.Hash())] = reader.Number(int.MaxValue);
        }
    }
}
