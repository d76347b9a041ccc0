namespace Culprit.Server.Configuration;

/// <summary>Where changes come from besides <c>POST /changes</c>.</summary>
internal sealed class ChangesSection
{
    public GitHubSection GitHub { get; set; } = new();
}

/// <summary>GitHub's webhook, at <c>/changes/github</c>.</summary>
/// <remarks>A class, not a record: a record would print its secret.</remarks>
internal sealed class GitHubSection
{
    /// <summary>Secret of the webhook as set at GitHub; also <c>CULPRIT_changes__gitHub__secret</c>. Default: none, the webhook is refused.</summary>
    public string? Secret { get; set; }

    /// <summary>Service by repository (<c>owner/name</c>). Default: the repository's name.</summary>
    public Dictionary<string, string> Services { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    internal IEnumerable<string> Mistakes()
    {
        if (Secret is { Length: < 16 })
        {
            yield return "changes:gitHub:secret: the value (not shown) is not allowed; use 16 characters or more.";
        }

        foreach (var (repository, service) in Services)
        {
            if (repository.Count(c => c == '/') != 1 || string.IsNullOrWhiteSpace(service))
            {
                yield return $"changes:gitHub:services: '{repository}: {service}' is not allowed; use owner/name: service.";
            }
        }
    }
}
