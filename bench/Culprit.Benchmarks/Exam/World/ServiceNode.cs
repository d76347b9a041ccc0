namespace Culprit.Benchmarks.Exam.World;

/// <summary>Place of a service in the call graph.</summary>
internal enum Tier
{
    Gateway,
    Bff,
    Core,
    Leaf,
    Worker,
    Job,
}

/// <summary>One service of the simulated system as it was built: nothing here changes while time passes.</summary>
internal sealed class ServiceNode
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>What it is about, as its code and tables call it: <c>order</c>.</summary>
    public required string Noun { get; init; }

    public required Tier Tier { get; init; }

    public required LogStyle Style { get; init; }

    public required IdStyle Ids { get; init; }

    /// <summary>Names of the machines its instances run on.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    public required int Threads { get; init; }

    public required int PoolSize { get; init; }

    public required double MemoryMb { get; init; }

    public required double MemoryLimitMb { get; init; }

    /// <summary>How long its memory takes from one low to the next: garbage collections, or recycled workers.</summary>
    public required double SawtoothMs { get; init; }

    /// <summary>Share of calls that end with a line about the request.</summary>
    public required double AccessShare { get; init; }

    /// <summary>Share of calls that say something of their work.</summary>
    public required double DetailShare { get; init; }

    /// <summary>Debug lines a minute that say nothing.</summary>
    public required double DebugPerMinute { get; init; }

    /// <summary>Harmless ERROR lines an hour of a known noisy logger; 0 for most services.</summary>
    public required double NoisyErrorsPerHour { get; init; }

    /// <summary>Runs more instances when busy.</summary>
    public required bool Scales { get; init; }

    /// <summary>Keeps files on a disk of its own.</summary>
    public required bool HasDisk { get; init; }

    public List<Operation> Operations { get; } = [];

    public double PeakRate => Operations.Sum(o => o.PeakRate);

    public override string ToString() => Name;
}
