namespace Culprit.Engine.Flows;

/// <summary>Bounds and thresholds of a <see cref="FlowStage"/>; docs/flows.md has what moving them by a third does.</summary>
internal sealed record FlowOptions
{
    /// <summary>What fewer sessions than this share do counts as abnormal. Default 3 %.</summary>
    /// <remarks>Must lie above the share of one kind of fault; raising it reports more of what is merely uncommon.</remarks>
    public double RareShare { get; init; } = 0.03;

    /// <summary>How sure a share must be below the limit, in standard deviations (Wilson bound). Default 1.64: 95 %.</summary>
    public double Confidence { get; init; } = 1.64;

    /// <summary>Sessions of a kind before any is judged. Default 100.</summary>
    public int MinSessions { get; init; } = 100;

    /// <summary>A step occurs a fixed number of times when this share of sessions agrees on it. Default 90 %.</summary>
    public double FixedShare { get; init; } = 0.9;

    /// <summary>What happens at an age above this share of the time watched so far is not judged yet. Default 50 %.</summary>
    public double WatchedShare { get; init; } = 0.5;

    /// <summary>Silence that ends a session while it is not known how long its step usually lasts. Default 10 min; doubles when sessions return.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of the pauses after a step that must be over before a session is taken for ended there. Default 99.9 %.</summary>
    public double PauseShare { get; init; } = 0.999;

    /// <summary>Times that pause before a session is taken for ended. Default 2.</summary>
    public double PauseMargin { get; init; } = 2;

    /// <summary>A pause counts as slow when fewer than this share of those between the same steps are as long. Default 1 %.</summary>
    public double SlowShare { get; init; } = 0.01;

    /// <summary>Times the pause within which the others lie before one counts as slow. Default 4.</summary>
    public double SlowTimes { get; init; } = 4;

    /// <summary>Least silence that ends a session, however quickly its steps follow one another. Default 1 min.</summary>
    public TimeSpan MinIdle { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How late a record may come and still stand in its place. Default 2 min.</summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long beyond that a session waits for records that come later still, before it is judged. Default 0.</summary>
    /// <remarks>They are taken out of their place. It costs a session's memory for so long, but not that of its records.</remarks>
    public TimeSpan Grace { get; init; }

    /// <summary>
    /// A session is judged once, when it ends; nothing is learned from those that begin while something is wrong (at most half an
    /// hour of it); a step after which fewer than 1 % go on ends a session at once. Default false.
    /// </summary>
    public bool IsLive { get; init; }

    /// <summary>Sessions remembered, open ones included. Default 200,000; the one ended longest ago leaves first, with its verdict final.</summary>
    public int MaxSessions { get; init; } = 200_000;

    /// <summary>New ids in a second of which more are followed than not; beyond it half, a quarter … are. Default 0: all.</summary>
    public int MaxNewPerSecond { get; init; }

    /// <summary>Records followed in a second beyond which fewer ids are. Default 0: no limit.</summary>
    public int MaxRecordsPerSecond { get; init; }

    /// <summary>Records waiting for their place in time. Default 1,000,000; beyond that the oldest is taken early.</summary>
    public int MaxWaiting { get; init; } = 1_000_000;

    /// <summary>Kinds of flow (by key and first step) with shares of their own. Default 256; sessions of further kinds are not followed.</summary>
    public int MaxKinds { get; init; } = 256;

    /// <summary>Steps of one kind. Default 128; further ones are not looked at.</summary>
    public int MaxStepsPerKind { get; init; } = 128;

    /// <summary>Steps and pairs of steps of all kinds together, of half a kilobyte or more each. Default: no limit but that of the kinds.</summary>
    public int MaxStatistics { get; init; } = int.MaxValue;

    /// <summary>How long after its end a session is judged.</summary>
    public TimeSpan Lag => Lateness + Grace;

    /// <summary>How the server follows flows: a sample of the ids, in bounded memory and time.</summary>
    public static FlowOptions Live { get; } = new()
    {
        IsLive = true,
        Lateness = TimeSpan.FromSeconds(10),
        Grace = TimeSpan.FromSeconds(110),
        MinIdle = TimeSpan.FromSeconds(10),
        Idle = TimeSpan.FromMinutes(1),
        MaxNewPerSecond = 500,
        MaxRecordsPerSecond = 2500,
        MaxSessions = 60_000,
        MaxWaiting = 50_000,
        MaxStepsPerKind = 64,
        MaxStatistics = 16_384,
    };
}
