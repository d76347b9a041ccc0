using System.Runtime.CompilerServices;
using Culprit.Engine.Records;

namespace Culprit.Engine.Patterns;

/// <summary>Groups records that differ only in their variable parts.</summary>
/// <remarks>
/// One pass, bounded memory, not thread-safe: one miner belongs to one service stage. A line's id is the hash of its
/// skeleton, so it depends on nothing but the line; when skeletons turn out to be cases of one template, aliases lead
/// to the template's id. Only a skeleton seen for the first time costs more than a scan and one look-up.
/// </remarks>
internal sealed partial class PatternMiner
{
    private readonly PatternOptions _options;
    private readonly LineScanner _scanner = new();
    private readonly SkeletonTable _skeletons;
    private readonly HoleTable _holes;
    private readonly FrameTable _frames;
    private readonly TemplateIndex _templates = new();
    private readonly List<(Skeleton Template, Generalisation By)> _found = [];
    private readonly List<Skeleton> _cases = [];
    private readonly ValueWords _values;
    private long _settledAt;
    private readonly Dictionary<ulong, ulong> _aliases = [];
    private readonly Queue<ulong> _aliasOrder = new();
    private readonly List<PatternAlias> _newAliases = [];

    public PatternMiner(PatternOptions options)
    {
        _options = options;
        _skeletons = new SkeletonTable(options.MaxPatterns);
        _holes = new HoleTable(options.MaxHoles);
        _frames = new FrameTable(options);
        _values = new ValueWords(options.MaxValueWords);
    }

    /// <summary>Skeletons held now.</summary>
    public int Count => _skeletons.Count;

    /// <summary>Skeletons that had to leave for others.</summary>
    public long Evicted { get; private set; }

    /// <summary>The pattern of a message at first sight; <see cref="Resolve"/> gives what it is by now.</summary>
    public PatternId Assign(ReadOnlySpan<byte> message) => Assign(message, out _);

    /// <summary>The pattern of a message at first sight.</summary>
    /// <param name="isNew">The skeleton was not known (it may have been forgotten, or be a case of a known template).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public PatternId Assign(ReadOnlySpan<byte> message, out bool isNew)
    {
        var key = _scanner.Scan(message);
        if (_skeletons.Find(key) is not { } known)
        {
            isNew = true;
            return Meet(key, message);
        }

        isNew = false;
        known.Touched = true;
        if (known.OpenSlots is not null && known.Observe(message, _scanner.Tokens))
        {
            TellCover(known);
        }

        return new PatternId(key);
    }

    /// <summary>The id that the pattern has by now.</summary>
    public PatternId Resolve(PatternId id)
    {
        if (_skeletons.Find(id.Value) is { } skeleton)
        {
            return new PatternId(skeleton.Pattern.Id);
        }

        var current = id.Value;
        for (var hop = 0; hop < 64 && _aliases.TryGetValue(current, out var next); hop++)
        {
            current = next;
        }

        return new PatternId(_skeletons.Find(current)?.Pattern.Id ?? current);
    }

    /// <summary>Display text of a pattern, variable parts as <c>&lt;*&gt;</c>; empty when it is not known (any more).</summary>
    public string Text(PatternId id) =>
        (_skeletons.Find(id.Value) ?? _skeletons.Find(Resolve(id).Value))?.Pattern.Display.Render() ?? "";

    /// <summary>Hands over the aliases found since the last call, oldest first, for the host to journal.</summary>
    public void DrainAliases(ICollection<PatternAlias> into)
    {
        Settle();
        foreach (var alias in _newAliases)
        {
            into.Add(alias);
        }

        _newAliases.Clear();
    }

    // A first sight: is it a case of something known, or does it show that a word varies?
    private PatternId Meet(ulong key, ReadOnlySpan<byte> message)
    {
        var skeleton = Skeleton.From(key, message, _scanner);
        Insert(skeleton);
        Learn(skeleton);
        return new PatternId(key);
    }

    private void Insert(Skeleton skeleton)
    {
        if (_skeletons.Add(skeleton) is { } evicted)
        {
            Evicted++;
            _frames.Remove(evicted);
            _templates.Remove(evicted);
            if (evicted.Pattern.Id != evicted.Id)
            {
                Remember(evicted.Id, evicted.Pattern.Id);
            }
        }
    }

    private void Remember(ulong old, ulong current)
    {
        if (_aliases.TryAdd(old, current))
        {
            _aliasOrder.Enqueue(old);
            if (_aliasOrder.Count > _options.MaxAliases)
            {
                _aliases.Remove(_aliasOrder.Dequeue());
            }
        }
        else
        {
            _aliases[old] = current;
        }
    }

    private void TellCover(Skeleton skeleton)
    {
        // Each step goes to a template with fewer constant words, so this ends.
        while (skeleton.Cover != 0 && _skeletons.Find(skeleton.Cover) is { } cover
            && cover.MergeSlots(skeleton.CoverBy.Apply(skeleton)))
        {
            skeleton = cover;
        }
    }
}
