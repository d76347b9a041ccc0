using System.Xml.Linq;

namespace Culprit.Tests.Rules;

/// <summary>The repository's C# sources, when the tests run from within it.</summary>
internal static class SourceTree
{
    public static string? FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Culprit.slnx")))
            {
                return folder;
            }
        }

        return null;
    }

    /// <summary>Project folders with their root namespaces.</summary>
    public static IEnumerable<(string Folder, string RootNamespace)> Projects(string root) =>
        from area in new[] { "src", "tests", "bench" }
        let folder = Path.Combine(root, area)
        where Directory.Exists(folder)
        from project in Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories)
        let declared = XDocument.Load(project).Descendants("RootNamespace").FirstOrDefault()?.Value
        select (Path.GetDirectoryName(project)!, declared ?? Path.GetFileNameWithoutExtension(project));

    /// <summary>Paths of its sources relative to the project, without what a build makes.</summary>
    public static IEnumerable<string> Sources(string project) =>
        Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(project, file))
            .Where(file => file.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));
}
