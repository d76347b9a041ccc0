using System.Globalization;
using Culprit.Engine.RootCause;

namespace Culprit.Server.RootCause;

/// <summary>A file that could not be used as a runbook.</summary>
internal sealed record RunbookProblem(string Path, string Reason);

/// <summary>What a folder of runbooks holds.</summary>
internal sealed record RunbookFolderContents(RunbookLibrary Library, IReadOnlyList<RunbookProblem> Problems);

/// <summary>Reads the runbooks of a folder. A bad file costs only itself.</summary>
internal static class RunbookFolder
{
    /// <summary>Larger files are no runbooks.</summary>
    public const int MaxFileBytes = 256 * 1024;

    /// <summary>Files beyond this many, in the order of their names, are left out and reported.</summary>
    public const int MaxFiles = 1000;

    public static async Task<RunbookFolderContents> LoadAsync(string folder, CancellationToken cancellationToken)
    {
        var runbooks = new List<Runbook>();
        var problems = new List<RunbookProblem>();
        foreach (var (index, file) in Files(folder, problems).Index())
        {
            var path = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
            if (index == MaxFiles)
            {
                problems.Add(new RunbookProblem(path, string.Create(CultureInfo.InvariantCulture, $"this and all later files are left out: at most {MaxFiles} are read")));
                break;
            }

            var parse = await ReadAsync(path, file, cancellationToken);
            if (parse.Runbook is { } runbook)
            {
                runbooks.Add(runbook);
            }
            else
            {
                problems.Add(new RunbookProblem(path, parse.Error!));
            }
        }

        return new RunbookFolderContents(new RunbookLibrary(runbooks), problems);
    }

    private static List<string> Files(string folder, List<RunbookProblem> problems)
    {
        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 4 };
            return [.. Directory.EnumerateFiles(folder, "*.md", options).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new RunbookProblem(folder, e.Message));
            return [];
        }
    }

    private static async Task<RunbookParse> ReadAsync(string path, string file, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(file).Length > MaxFileBytes
                ? new RunbookParse(null, string.Create(CultureInfo.InvariantCulture, $"larger than {MaxFileBytes / 1024} KiB"))
                : RunbookParser.Parse(path, await File.ReadAllTextAsync(file, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new RunbookParse(null, e.Message);
        }
    }
}
