namespace Culprit.Engine.Patterns;

/// <summary>Where skeletons go when the table is full: one-off lines share the id of their frame, returning ones are let in.</summary>
/// <remarks>Bounded: frames beyond the limit share one id for all.</remarks>
internal sealed class Overflow
{
    /// <summary>The pattern of everything that fits nowhere else, shown as <c>&lt;*&gt;</c>.</summary>
    public const ulong EverythingElse = 0xFFFF_FFFF_FFFF_FFFF;

    private const int MaxFrames = 1024;
    private const int MaxRemembered = 8192;

    private readonly Dictionary<ulong, Skeleton> _frames = [];
    private HashSet<ulong> _recent = [];
    private HashSet<ulong> _older = [];

    /// <summary>Whether the skeleton was turned away before, not long ago; remembers it if not.</summary>
    public bool ComesBack(ulong key)
    {
        if (_recent.Contains(key) || _older.Contains(key))
        {
            return true;
        }

        if (_recent.Count >= MaxRemembered)
        {
            (_recent, _older) = (_older, _recent);
            _recent.Clear();
        }

        _recent.Add(key);
        return false;
    }

    /// <summary>The id that the skeleton shares with all others of its frame.</summary>
    public ulong IdOf(Skeleton skeleton)
    {
        var words = 0UL;
        for (var i = 0; i < skeleton.Pieces.Length && i < Generalisation.MaxPlaces; i++)
        {
            words |= skeleton.Pieces[i].IsVariable ? 0 : 1UL << i;
        }

        var by = new Generalisation(words);
        var id = by.KeyOf(skeleton);
        if (!_frames.ContainsKey(id))
        {
            if (_frames.Count >= MaxFrames || skeleton.Pieces.Length > Generalisation.MaxPlaces)
            {
                return EverythingElse;
            }

            _frames.Add(id, by.Apply(skeleton));
        }

        return id;
    }

    public string? Text(ulong id) =>
        id == EverythingElse ? "<*>" : _frames.GetValueOrDefault(id)?.Render();

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_frames.Count);
        foreach (var skeleton in _frames.Values)
        {
            skeleton.Save(writer);
        }

        foreach (var set in (HashSet<ulong>[])[_recent, _older])
        {
            writer.Number(set.Count);
            foreach (var key in set)
            {
                writer.Hash(key);
            }
        }
    }

    public void Read(ref SnapshotReader reader)
    {
        for (var n = reader.Number(MaxFrames); n > 0 && !reader.Failed; n--)
        {
            var skeleton = Skeleton.Read(ref reader);
            _frames.TryAdd(skeleton.Id, skeleton);
        }

        foreach (var set in (HashSet<ulong>[])[_recent, _older])
        {
            for (var n = reader.Number(MaxRemembered); n > 0 && !reader.Failed; n--)
            {
                set.Add(reader.Hash());
            }
        }
    }
}
