using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Which ids lead to the same pattern. The last word about an id counts.</summary>
/// <remarks>Not thread-safe. Services are taken together: an id is a hash of what the lines look like, whoever writes them.</remarks>
internal sealed class PatternAliases
{
    private readonly Dictionary<PatternId, PatternId> _current = [];
    private readonly Dictionary<PatternId, HashSet<PatternId>> _olds = [];
    private readonly Dictionary<PatternId, string> _texts = [];

    public int Count => _current.Count;

    public void Add(NamedAlias alias)
    {
        if (alias.Old == alias.Current)
        {
            return;
        }

        // Two services may tell it the other way round: the newer word opens the circle.
        var end = alias.Current;
        while (_current.TryGetValue(end, out var next))
        {
            if (next == alias.Old)
            {
                Unlink(end, next);
                break;
            }

            end = next;
        }

        if (_current.TryGetValue(alias.Old, out var before))
        {
            Unlink(alias.Old, before);
        }

        _current.Add(alias.Old, alias.Current);
        if (!_olds.TryGetValue(alias.Current, out var olds))
        {
            _olds.Add(alias.Current, olds = []);
        }

        olds.Add(alias.Old);
        _texts[alias.Current] = alias.Text;
    }

    public void Clear()
    {
        _current.Clear();
        _olds.Clear();
        _texts.Clear();
    }

    /// <summary>The id that the pattern has by now.</summary>
    public PatternId Resolve(PatternId id)
    {
        while (_current.TryGetValue(id, out var next))
        {
            id = next;
        }

        return id;
    }

    /// <summary>Every id under which records of the pattern may be stored, whichever of its ids is given.</summary>
    public HashSet<PatternId> IdsOf(PatternId id)
    {
        var found = new HashSet<PatternId> { Resolve(id) };
        var work = new Queue<PatternId>(found);
        while (work.TryDequeue(out var one))
        {
            foreach (var old in _olds.GetValueOrDefault(one) ?? [])
            {
                found.Add(old);
                work.Enqueue(old);
            }
        }

        return found;
    }

    /// <summary>The text of a pattern that took others in; null for one that did not.</summary>
    public string? TextOf(PatternId id) => _texts.GetValueOrDefault(id);

    private void Unlink(PatternId old, PatternId current)
    {
        _current.Remove(old);
        _olds[current].Remove(old);
    }
}
