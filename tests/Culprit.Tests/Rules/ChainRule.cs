using ArchUnitNET.Domain;

namespace Culprit.Tests.Rules;

/// <summary>Dependencies point up the chain of nouns: Detection may use Patterns, never the reverse.</summary>
/// <remarks>A new folder of the engine must be given its place in <see cref="Chain"/>.</remarks>
internal static class ChainRule
{
    /// <summary>A folder may use those on its own line and on lines above it.</summary>
    private static readonly string[][] Chain =
    [
        ["Records"],
        ["Ingestion", "Filtering", "Patterns", "Flows", "Topology", "Admission"],
        ["Detection"],
        ["Correlation", "Summaries"],
        ["RootCause", "Traces", "Rules"],
        ["Alerting", "Publishing"],
        ["Extending", "Evaluation"],
    ];

    /// <summary>They know nouns only, and of the chain only these and what comes after may use them.</summary>
    private static readonly string[] Stores = ["Storage", "Querying"];

    private const string FirstUserOfStores = "RootCause";

    /// <summary>Types of the chain that the stores may hold, beside all of Records.</summary>
    private static readonly HashSet<string> Nouns = new(StringComparer.Ordinal)
    {
        "Pattern", "ServiceEdge", "EdgeSource",
        "Anomaly", "AnomalyType", "AnomalyTypes",
        "Incident", "IncidentState", "IncidentSeverity", "IncidentWords",
        "RootCauseReport", "Hypothesis", "Dossier", "EvidenceItem", "Feedback",
    };

    public static IEnumerable<Finding> Check(IEnumerable<IType> types, string root) =>
        from type in types
        let user = FolderOf(type, root)
        where user is { Length: > 0 }
        from target in type.Dependencies.Select(d => d.Target).Distinct()
        let used = FolderOf(target, root)
        where used is not null && used != user && !MayUse(user, used, target)
        select new Finding(type.FullName, target.FullName);

    public static IEnumerable<Finding> CheckEveryFolderIsKnown(IEnumerable<IType> types, string root) =>
        from type in types
        let folder = FolderOf(type, root)
        where folder is { Length: > 0 } && RankOf(folder) < 0 && !Stores.Contains(folder)
        select new Finding(type.FullName, $"folder {folder} has no place in {nameof(ChainRule)}.{nameof(Chain)}");

    private static bool MayUse(string user, string used, IType target)
    {
        // The root holds the pipeline, which knows every stage; no stage knows it.
        if (used.Length == 0)
        {
            return false;
        }

        if (Stores.Contains(user))
        {
            return used == "Records" || Stores.Contains(used) || Nouns.Contains(target.Name);
        }

        return Stores.Contains(used)
            ? RankOf(user) >= RankOf(FirstUserOfStores)
            : RankOf(used) <= RankOf(user);
    }

    private static int RankOf(string folder) => Array.FindIndex(Chain, line => line.Contains(folder));

    /// <summary>First folder below the root; empty in the root itself; null outside.</summary>
    private static string? FolderOf(IType type, string root)
    {
        var name = type.Namespace?.FullName;
        if (name is null)
        {
            return null; // A type that the compiler made, or the parameter of a generic one.
        }

        if (name == root)
        {
            return "";
        }

        return name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..].Split('.')[0] : null;
    }
}
