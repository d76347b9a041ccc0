using System.Text.RegularExpressions;

namespace Culprit.Tests.Rules;

/// <summary>Folders are named after the product's nouns, and a namespace says where its file lies.</summary>
internal static partial class NamingRule
{
    private static readonly HashSet<string> Vague = new(StringComparer.OrdinalIgnoreCase)
    {
        "Common", "Shared", "Helpers", "Helper", "Utils", "Util", "Utilities", "Misc",
        "Interfaces", "Abstractions", "Models", "Services", "Managers",
    };

    public static IEnumerable<Finding> CheckNamespaces(IEnumerable<string> namespaces) =>
        from name in namespaces
        from part in name.Split('.')
        where Vague.Contains(part)
        select new Finding(name, $"{part} says nothing about what is inside");

    /// <param name="path">Of the source file, relative to its project.</param>
    /// <param name="text">The file's content.</param>
    /// <param name="rootNamespace">The project's.</param>
    public static Finding? CheckFile(string path, string text, string rootNamespace)
    {
        var match = NamespaceLine().Match(text);
        if (!match.Success)
        {
            return null; // Program.cs and files of assembly attributes have none
        }

        var folder = Path.GetDirectoryName(path) ?? "";
        var expected = folder.Length == 0
            ? rootNamespace
            : $"{rootNamespace}.{folder.Replace(Path.DirectorySeparatorChar, '.')}";

        return match.Groups[1].Value == expected
            ? null
            : new Finding(path, $"{match.Groups[1].Value} should be {expected}");
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
