using System.Runtime.InteropServices;
using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>What ids are called, and which of these names are those of flows: those whose values come with several steps.</summary>
/// <param name="isThrifty">Of a name that is no flow's, hardly any ids are followed: enough to notice when it becomes one.</param>
internal sealed class FlowNames(bool isThrifty)
{
    internal const int MaxNames = 1024;

    /// <summary>Sessions before a name is known not to be a flow's.</summary>
    private const long Enough = 256;

    /// <summary>Of the ids of such a name, one in so many is followed.</summary>
    private const ulong ThriftyShare = 64;

    private readonly Dictionary<string, (long Sessions, long Flows)> _names = new(StringComparer.Ordinal);

    public bool IsFlow(string name) => _names.GetValueOrDefault(name) is var (sessions, flows) && flows > 0 && 2 * flows >= sessions;

    /// <summary>Whether an id is worth following.</summary>
    public bool Wants(string name, ulong hash) =>
        !isThrifty || hash % ThriftyShare == 0
        || !_names.TryGetValue(name, out var known) || known.Sessions < Enough || 2 * known.Flows >= known.Sessions;

    public bool HasRoomFor(string name) => _names.Count < MaxNames || _names.ContainsKey(name);

    /// <summary>A session of the name began.</summary>
    public void Begins(string name) => CollectionsMarshal.GetValueRefOrAddDefault(_names, name, out _).Sessions++;

    /// <summary>It has a second step.</summary>
    public void GoesOn(string name) => CollectionsMarshal.GetValueRefOrAddDefault(_names, name, out _).Flows++;

    public void Clear() => _names.Clear();

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_names.Count);
        foreach (var (name, (sessions, flows)) in _names)
        {
            writer.Bytes(Encoding.UTF8.GetBytes(name));
            writer.Number((ulong)sessions);
            writer.Number((ulong)flows);
        }
    }

    public void Restore(ref SnapshotReader reader)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            _names[Encoding.UTF8.GetString(reader.Bytes())] = ((long)reader.Number(), (long)reader.Number());
        }
    }
}
