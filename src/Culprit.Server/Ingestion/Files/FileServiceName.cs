using System.Text.RegularExpressions;

namespace Culprit.Server.Ingestion.Files;

/// <summary>Reads the name of a service from where its log file lies.</summary>
internal static partial class FileServiceName
{
    /// <summary>Names that many services give to their files.</summary>
    private static readonly HashSet<string> Generic = new(StringComparer.OrdinalIgnoreCase)
    {
        "app", "application", "access", "error", "errors", "stdout", "stderr", "out", "err", "log", "logs", "output",
        "console", "current", "server", "messages", "system", "default", "main", "info", "debug", "warn", "",
    };

    private static readonly string[] Extensions =
        [".gz", ".zst", ".log", ".txt", ".json", ".jsonl", ".ndjson", ".out", ".err", ".stdout", ".stderr", ".syslog"];

    /// <param name="root">The folder that was given to be read; null when the file itself was.</param>
    public static string Of(string path, string? root)
    {
        var full = Path.GetFullPath(path);
        var container = ContainerOf(full);
        if (container is not null)
        {
            return container;
        }

        var name = Strip(Path.GetFileName(full));
        if (Generic.Contains(name) || name.All(char.IsAsciiDigit))
        {
            var folder = Path.GetDirectoryName(full) ?? "";
            var parent = Path.GetFileName(folder);
            var isInside = root is not null && folder.Length > Path.GetFullPath(root).TrimEnd(Path.DirectorySeparatorChar).Length;
            if ((isInside || full.StartsWith("/var/log/", StringComparison.Ordinal)) && !Generic.Contains(parent))
            {
                name = parent;
            }
        }

        name = string.Concat(name.Where(c => !char.IsWhiteSpace(c) && !char.IsControl(c)));
        return name.Length is > 0 and <= 64 ? name : "unknown";
    }

    // …/namespace_pod_uid/container/0.log and …/pod_namespace_container-<64 hex digits>.log
    private static string? ContainerOf(string full)
    {
        var match = PodFile().Match(full);
        if (!match.Success)
        {
            match = ContainerFile().Match(full);
        }

        return match.Success ? match.Groups[1].Value : null;
    }

    private static string Strip(string name)
    {
        while (true)
        {
            var shorter = Rotation().Replace(name, "");
            foreach (var extension in Extensions)
            {
                if (shorter.EndsWith(extension, StringComparison.OrdinalIgnoreCase) && shorter.Length > extension.Length)
                {
                    shorter = shorter[..^extension.Length];
                }
            }

            if (shorter == name || shorter.Length == 0)
            {
                return name;
            }

            name = shorter;
        }
    }

    [GeneratedRegex(@"/[^/_]+_[^/_]+_[0-9a-f-]{16,}/([^/]+)/\d+\.log[^/]*$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PodFile();

    [GeneratedRegex(@"/[^/_]+_[^/_]+_([^/_]+)-[0-9a-f]{64}\.log[^/]*$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ContainerFile();

    [GeneratedRegex(@"([.-]\d{4}-?\d{2}-?\d{2}([-_T]?\d{2}[-:]?\d{0,2}[-:]?\d{0,2})?|\.\d{1,3}|-\d{10})$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Rotation();
}
