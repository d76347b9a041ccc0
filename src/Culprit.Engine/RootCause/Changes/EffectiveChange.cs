using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>A change with the time and place at which it took effect.</summary>
/// <param name="Service">Where; null when everywhere or unknown.</param>
internal sealed record EffectiveChange(ChangeEvidence Change, DateTimeOffset At, string? Service)
{
    /// <summary>Commits take effect with the deploys that carry them, reported or seen in the service's own lines; one of a single service that nobody deployed does not run.</summary>
    /// <param name="services">Names of known services.</param>
    public static IReadOnlyList<EffectiveChange> Of(IReadOnlyList<ChangeEvidence> changes, IReadOnlyCollection<string> services)
    {
        var rollouts = changes.Where(c => c.Kind == ChangeKind.Deploy).OrderBy(c => c.At).ThenBy(c => c.Id, StringComparer.Ordinal).ToLookup(c => c.Source);
        var deploys = rollouts[null].ToList();
        var seen = rollouts[ChangeEvidence.Logs].ToList();
        var commits = changes.Where(c => c.Kind == ChangeKind.Commit).Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        var effective = new List<EffectiveChange>();
        foreach (var change in changes.OrderBy(c => c.At).ThenBy(c => c.Id, StringComparer.Ordinal))
        {
            if (change.Kind == ChangeKind.Deploy && change.CommitId is { } carried && commits.Contains(carried))
            {
                continue; // Stands under its commit: that says what changed.
            }

            if (change.Kind != ChangeKind.Commit)
            {
                effective.Add(new EffectiveChange(change, change.At, change.Service));
                continue;
            }

            var own = deploys.Where(d => d.CommitId == change.Id).ToList();
            effective.AddRange(own.Select(d => new EffectiveChange(change, d.At, d.Service ?? change.Service)));
            if (own.Count > 0)
            {
                continue;
            }

            var owner = change.Service ?? OwnerOf(change, services);
            if (owner is not null && seen.Find(d => d.Service == owner && d.At >= change.At) is { } rollout)
            {
                effective.Add(new EffectiveChange(change, rollout.At, owner)); // Nobody reported the deploy, but the service says that it runs something new.
            }
            else if (deploys.Count == 0)
            {
                effective.Add(new EffectiveChange(change, change.At, owner));
            }
            else if (owner is null && deploys.Find(d => d.At >= change.At) is { } next)
            {
                effective.Add(new EffectiveChange(change, next.At, null));
            }
        }

        return effective;
    }

    /// <summary>The one service that the paths of a commit name; null when they name none: shared code.</summary>
    private static string? OwnerOf(ChangeEvidence change, IReadOnlyCollection<string> services)
    {
        var parts = change.Files.SelectMany(f => f.Split('/')).Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);
        return services.FirstOrDefault(s => parts.Contains(NodeName.Normalise(s)) || parts.Contains(Bare(s)));
    }

    private static string Bare(string service)
    {
        var name = NodeName.Normalise(service);
        foreach (var ending in (ReadOnlySpan<string>)["-service", "-svc", "service", "svc"])
        {
            if (name.Length > ending.Length + 1 && name.EndsWith(ending, StringComparison.Ordinal))
            {
                return name[..^ending.Length];
            }
        }

        return name;
    }
}
