using System.IO.Enumeration;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Server.Ingestion.Files;

/// <summary>Turns the paths of a command line into the files to read.</summary>
/// <remarks>
/// A folder is read with everything below it, except hidden files and files that are plainly no logs. A folder that
/// holds <c>logs</c>, <c>metrics</c>, <c>traces</c> or <c>changes</c> as <c>.jsonl[.gz]</c> is a telemetry folder: only
/// these are read from it. The order is by path, so a run repeats.
/// </remarks>
internal static class LogInputs
{
    private static readonly string[] LogExtensions =
    [
        "", ".log", ".txt", ".json", ".jsonl", ".ndjson", ".out", ".err", ".stdout", ".stderr", ".syslog", ".gz", ".zst",
    ];

    private static readonly (string Name, TelemetryKind Kind)[] Telemetry =
    [
        ("logs", TelemetryKind.Logs), ("metrics", TelemetryKind.Metrics),
        ("traces", TelemetryKind.Traces), ("changes", TelemetryKind.Changes),
    ];

    /// <param name="problems">One sentence for each path that gives nothing to read.</param>
    public static IReadOnlyList<LogInput> Expand(IEnumerable<string> paths, out IReadOnlyList<string> problems)
    {
        var inputs = new List<LogInput>();
        var found = new List<string>();
        foreach (var path in paths)
        {
            try
            {
                if (Expand(path, inputs) is { } problem)
                {
                    found.Add(problem);
                }
            }
            catch (UnauthorizedAccessException e)
            {
                found.Add($"{path}: no permission ({e.Message})");
            }
            catch (IOException e)
            {
                found.Add($"{path}: {e.Message}");
            }
        }

        problems = found;
        return [.. inputs.DistinctBy(input => input.Path, StringComparer.Ordinal)];
    }

    private static string? Expand(string path, List<LogInput> inputs)
    {
        if (path == LogInput.StandardInput)
        {
            inputs.Add(new LogInput(path, "unknown", TelemetryKind.Logs, 0));
            return null;
        }

        if (Directory.Exists(path))
        {
            var before = inputs.Count;
            AddFolder(path, path, inputs);
            return inputs.Count == before ? $"{path}: the folder holds no log files" : null;
        }

        if (File.Exists(path))
        {
            inputs.Add(ToInput(path, root: null));
            return null;
        }

        if (path.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            return AddMatches(path, inputs) ? null : $"{path}: no file matches";
        }

        return $"{path}: no such file or folder";
    }

    private static void AddFolder(string root, string folder, List<LogInput> inputs)
    {
        var telemetry = TelemetryFiles(folder);
        if (telemetry.Count > 0)
        {
            inputs.AddRange(telemetry);
        }
        else
        {
            inputs.AddRange(Sorted(Directory.EnumerateFiles(folder)).Where(IsLogName).Select(file => ToInput(file, root)));
        }

        foreach (var inner in Sorted(Directory.EnumerateDirectories(folder)))
        {
            // A link to a folder may lead around in a circle.
            if (Path.GetFileName(inner)[0] != '.' && new DirectoryInfo(inner).LinkTarget is null)
            {
                AddFolder(root, inner, inputs);
            }
        }
    }

    private static List<LogInput> TelemetryFiles(string folder)
    {
        var files = new List<LogInput>();
        foreach (var (name, kind) in Telemetry)
        {
            foreach (var extension in new[] { ".jsonl", ".jsonl.gz", ".jsonl.zst" })
            {
                var file = Path.Combine(folder, name + extension);
                if (File.Exists(file))
                {
                    files.Add(new LogInput(file, "unknown", kind, new FileInfo(file).Length));
                    break;
                }
            }
        }

        return files;
    }

    private static LogInput ToInput(string file, string? root) =>
        new(file, FileServiceName.Of(file, root), TelemetryKind.Logs, new FileInfo(file).Length);

    private static bool AddMatches(string pattern, List<LogInput> inputs)
    {
        // The part without wildcards is walked; ** stands for any folders, * and ? stay within a name.
        var full = Path.GetFullPath(pattern);
        var parts = full.Split(Path.DirectorySeparatorChar);
        var fixedParts = parts.TakeWhile(part => part.AsSpan().IndexOfAny('*', '?') < 0).ToArray();
        var root = string.Join(Path.DirectorySeparatorChar, fixedParts);
        root = root.Length == 0 ? Path.DirectorySeparatorChar.ToString() : root;
        if (!Directory.Exists(root))
        {
            return false;
        }

        var before = inputs.Count;
        AddMatches(root, root, parts.AsSpan(fixedParts.Length), inputs);
        return inputs.Count > before;
    }

    private static void AddMatches(string root, string folder, ReadOnlySpan<string> parts, List<LogInput> inputs)
    {
        var part = parts[0];
        if (part == "**")
        {
            if (parts.Length > 1)
            {
                AddMatches(root, folder, parts[1..], inputs);
            }
            else
            {
                inputs.AddRange(Sorted(Directory.EnumerateFiles(folder)).Select(file => ToInput(file, root)));
            }

            foreach (var inner in Sorted(Directory.EnumerateDirectories(folder)))
            {
                if (new DirectoryInfo(inner).LinkTarget is null)
                {
                    AddMatches(root, inner, parts, inputs);
                }
            }

            return;
        }

        foreach (var entry in Sorted(Directory.EnumerateFileSystemEntries(folder)))
        {
            if (!FileSystemName.MatchesSimpleExpression(part, Path.GetFileName(entry), ignoreCase: false))
            {
                continue;
            }

            if (parts.Length > 1)
            {
                if (Directory.Exists(entry))
                {
                    AddMatches(root, entry, parts[1..], inputs);
                }
            }
            else if (File.Exists(entry))
            {
                inputs.Add(ToInput(entry, root));
            }
            else
            {
                AddFolder(root, entry, inputs);
            }
        }
    }

    private static bool IsLogName(string file)
    {
        var name = Path.GetFileName(file);
        if (name[0] == '.')
        {
            return false;
        }

        var extension = Path.GetExtension(name);
        return LogExtensions.Contains(extension, StringComparer.OrdinalIgnoreCase)
            || extension.Skip(1).All(c => char.IsAsciiDigit(c) || c == '-');
    }

    private static IOrderedEnumerable<string> Sorted(IEnumerable<string> paths) => paths.Order(StringComparer.Ordinal);
}
