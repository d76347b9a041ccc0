namespace Culprit.Engine.Flows;

/// <summary>How the sessions of one kind went that ended in one second.</summary>
/// <param name="kind">Identifies the kind: a hash of what its id is called and of its first step.</param>
/// <param name="key">What its id is called.</param>
/// <param name="second">Of event time, at which they ended.</param>
internal sealed class FlowCount(ulong kind, string key, FlowStep entry, long second)
{
    private const int MaxSigns = 16;

    private readonly Dictionary<(FlowSignKind Kind, FlowDeviationKind? By, int Step, int Other), FlowSign> _signs = [];

    public ulong Kind => kind;

    public string Key => key;

    /// <summary>The step with which they begin.</summary>
    public FlowStep Entry => entry;

    /// <summary>The first step in words.</summary>
    public string EntryText { get; set; } = string.Empty;

    public long Second => second;

    /// <summary>Sessions that could be judged; negative where more were taken back.</summary>
    public long Ended { get; set; }

    public long Broken { get; set; }

    public long Changed { get; set; }

    public long Slow { get; set; }

    /// <summary>In what ways they were odd.</summary>
    public IReadOnlyCollection<FlowSign> Signs => _signs.Values;

    /// <summary>The way of a session; null when there are too many.</summary>
    /// <param name="create">Called when it is the first of its way.</param>
    public FlowSign? Sign(FlowSignKind kind, FlowDeviationKind? by, int step, int other, Func<FlowSign> create)
    {
        if (!_signs.TryGetValue((kind, by, step, other), out var sign))
        {
            if (_signs.Count >= MaxSigns)
            {
                return null;
            }

            _signs.Add((kind, by, step, other), sign = create());
        }

        return sign;
    }
}

/// <summary>One way in which sessions were odd.</summary>
/// <param name="services">Where it shows, the likelier place first.</param>
/// <param name="text">In words and numbers, of the first session.</param>
internal sealed class FlowSign(ulong way, FlowSignKind kind, IReadOnlyList<string> services, string text)
{
    internal const int MaxExamples = 3;

    /// <summary>The same for all sessions that are odd in this way.</summary>
    public ulong Way => way;

    public FlowSignKind Kind => kind;

    public IReadOnlyList<string> Services => services;

    public string Text => text;

    public long Count { get; set; }

    /// <summary>The earliest last record of a session.</summary>
    public long FirstNanos { get; set; } = long.MaxValue;

    /// <summary>Ids of some sessions.</summary>
    public List<string> Examples { get; init; } = [];
}

/// <summary>What sort of oddity it is.</summary>
internal enum FlowSignKind : byte
{
    Broken,
    Changed,
    Slow,
}
