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
    private const ulong DeclaredSalt = 0x8CB92BA72F3D8DD7;
    private const ulong EventIdSalt = 0x58E6D9ABF1F89FE7;

    private readonly PatternOptions _options;
    private readonly LineScanner _scanner = new();
    private readonly SkeletonTable _skeletons;
    private readonly HoleTable _holes;
    private readonly FrameTable _frames;
    private readonly TemplateIndex _templates = new();
    private readonly List<(Skeleton Template, Generalisation By)> _found = [];
    private readonly List<Skeleton> _cases = [];
    private readonly List<Skeleton> _possible = [];
    private readonly ValueWords _values;
    private readonly Overflow _overflow = new();
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

    /// <summary>Aliases that were not handed over because nobody drained them.</summary>
    public long AliasesDropped { get; private set; }

    /// <summary>Lines that shared an id because the table was full.</summary>
    public long Overflowed { get; private set; }

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

    /// <summary>The pattern of a record at first sight: what its logger declared, else that of its body.</summary>
    public PatternId AssignRecord(in LogRecord record) =>
        DeclaredTemplate.Find(record.Attributes) is { IsEmpty: false } template ? AssignDeclared(template)
        : DeclaredTemplate.FindEventId(record.Attributes) is { IsEmpty: false } eventId ? AssignEventId(eventId, record.Body)
        : Assign(record.Body);

    /// <summary>The pattern that a logger declared itself by its message template; it never merges with another.</summary>
    /// <param name="template">As it came, holes in braces; escapes of JSON may be in it.</param>
    public PatternId AssignDeclared(ReadOnlySpan<byte> template)
    {
        var key = Hash64.Mix(Hash64.Of(template) ^ DeclaredSalt, Hash64.Variable);
        return IsToBeAdded(key, out var id) ? Add(Skeleton.Declared(key, DeclaredTemplate.Text(template))) : id;
    }

    /// <summary>The pattern that a logger declared by an id of its message template; it never merges with another.</summary>
    /// <param name="message">The first one gives the text, with what a scan finds to be variable in it.</param>
    public PatternId AssignEventId(ReadOnlySpan<byte> eventId, ReadOnlySpan<byte> message)
    {
        var key = Hash64.Mix(Hash64.Of(eventId) ^ EventIdSalt, Hash64.Variable);
        if (!IsToBeAdded(key, out var id))
        {
            return id;
        }

        var line = Skeleton.From(_scanner.Scan(message), message, _scanner);
        return Add(Skeleton.Declared(key, System.Text.Encoding.UTF8.GetBytes(line.Render())));
    }

    private bool IsToBeAdded(ulong key, out PatternId id)
    {
        id = new PatternId(key);
        if (_skeletons.Find(key) is { } known)
        {
            known.Touched = true;
            return false;
        }

        if (_skeletons.IsFull && !_overflow.ComesBack(key))
        {
            Overflowed++;
            id = new PatternId(Overflow.EverythingElse);
            return false;
        }

        return true;
    }

    private PatternId Add(Skeleton declared)
    {
        Insert(declared);
        return new PatternId(declared.Id);
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
        (_skeletons.Find(id.Value) ?? _skeletons.Find(Resolve(id).Value))?.Pattern.Display.Render()
        ?? _overflow.Text(id.Value) ?? "";

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
        // A template with many cases takes further ones under its own id: they would only fill table and alias journal.
        if (FindTemplate(message, out var place) is { } template && (_skeletons.IsFull || template.Pattern.Live >= _options.MaxCases))
        {
            template.Touched = true;
            if (template.OpenSlots is not null
                && template.MergeSlots(new Generalisation(1UL << place).Apply(Skeleton.From(key, message, _scanner))))
            {
                TellCover(template);
            }

            return new PatternId(template.Pattern.Id);
        }

        var skeleton = Skeleton.From(key, message, _scanner);
        if (_skeletons.IsFull && !_overflow.ComesBack(key))
        {
            Overflowed++;
            _templates.Find(skeleton, _found);
            return new PatternId(_found.Count > 0 ? _found[0].Template.Pattern.Id : _overflow.IdOf(skeleton));
        }

        Insert(skeleton);
        Learn(skeleton);
        return new PatternId(key);
    }

    // The template that covers the scanned line when one word is taken for a variable; without building anything.
    private Skeleton? FindTemplate(ReadOnlySpan<byte> message, out int place)
    {
        var tokens = _scanner.Tokens;
        var prefix = 0UL;
        var wasVariable = false;
        var length = Math.Min(tokens.Length, MaxCandidates);
        for (place = 0; place < length; place++)
        {
            ref readonly var token = ref tokens[place];
            if (token.Kind is TokenKind.Literal or TokenKind.Numbered && !(token.End < message.Length && message[token.End] == (byte)'=')
                && _skeletons.Find(KeyWithVariable(prefix, place, wasVariable)) is { IsTemplate: true } template)
            {
                return template;
            }

            prefix = LineScanner.AddToken(prefix, token);
            wasVariable = token.IsVariable;
        }

        return null;
    }

    private ulong KeyWithVariable(ulong prefix, int place, bool afterVariable)
    {
        var tokens = _scanner.Tokens;
        var key = afterVariable && tokens[place].Joins ? prefix : Hash64.Add(prefix, tokens[place].SeparatorHash, Hash64.Variable);
        var wasVariable = true;
        for (var i = place + 1; i < tokens.Length; i++)
        {
            ref readonly var token = ref tokens[i];
            if (!(token.IsVariable && wasVariable && token.Joins))
            {
                key = LineScanner.AddToken(key, token);
            }

            wasVariable = token.IsVariable;
        }

        return Hash64.Finish(key, _scanner.TailHash);
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
