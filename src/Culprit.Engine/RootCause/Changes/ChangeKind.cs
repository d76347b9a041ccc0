using System.Text.RegularExpressions;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>How likely a change is to alter what runs, by the files that it touches.</summary>
internal static partial class ChangeKind
{
    public const string Commit = "commit";
    public const string Deploy = "deploy";

    /// <summary>Processes were started again, as far as is known with the same version.</summary>
    public const string Restart = "restart";

    private const double Inert = 0.03;
    private const double DependencyOnly = 0.15;
    private const double Unseen = 0.5;

    /// <summary>No new code, but configuration that was read again, and caches that are empty.</summary>
    private const double Restarted = 0.25;

    public static double WeightOf(ChangeEvidence change) => change.Kind switch
    {
        Commit => WeightOfFiles(change),
        Restart => Restarted,
        _ => Unseen,
    };

    private static double WeightOfFiles(ChangeEvidence change)
    {
        if (change.Files.Count == 0)
        {
            return Unseen;
        }

        if (change.Files.All(f => IsInert().IsMatch(f)))
        {
            return Inert;
        }

        return change.Files.All(f => IsInert().IsMatch(f) || IsManifest().IsMatch(f)) ? DependencyOnly : change.Diff is null ? 0.3 : 1;
    }

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"\.(?:md|rst|adoc|css|scss|less|svg|png|jpe?g|gif|ico)$|(?:^|/)(?:docs?|documentation|tests?|testdata|__tests__|\.github|\.circleci|\.gitlab)/|(?:^|/)(?:CODEOWNERS|(?:README|LICENSE|NOTICE|AUTHORS|CHANGELOG|CHANGES|robots|humans)(?:\.txt)?|\.gitignore|\.editorconfig|\.golangci\.ya?ml)$|(?:_test|\.test|\.spec|_spec)\.\w+$|(?:^|/)test_[^/]+\.py$", Plain)]
    private static partial Regex IsInert();

    [GeneratedRegex(@"(?:^|/)(?:go\.(?:mod|sum)|package(?:-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|requirements[^/]*\.txt|poetry\.lock|Pipfile(?:\.lock)?|pom\.xml|build\.gradle(?:\.kts)?|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|packages\.lock\.json|Directory\.Packages\.props)$", Plain)]
    private static partial Regex IsManifest();
}
