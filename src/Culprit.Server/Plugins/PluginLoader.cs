using System.Reflection;
using Culprit.Engine.Extending;
using Culprit.Engine.Rules;

namespace Culprit.Server.Plugins;

/// <summary>Loads the assemblies under <c>plugins</c> and asks them what they bring.</summary>
internal static class PluginLoader
{
    /// <param name="folder">What relative paths are relative to.</param>
    /// <param name="mistakes">Told of every assembly that cannot be used, with its path and the reason.</param>
    public static PluginRegistry Load(IReadOnlyList<string> paths, string folder, Mistakes mistakes)
    {
        var registry = new PluginRegistry();
        for (var i = 0; i < paths.Count; i++)
        {
            var path = Path.GetFullPath(paths[i], folder);
            if (TryConfigure(path, registry) is { } reason)
            {
                mistakes.Add($"plugins:{i}", $"'{path}' cannot be used: {reason}.");
            }
        }

        return registry;
    }

    /// <summary>Why it cannot be used, or null.</summary>
    private static string? TryConfigure(string path, PluginRegistry registry)
    {
        if (!File.Exists(path))
        {
            return "there is no such file";
        }

        try
        {
            var assembly = new PluginLoadContext(path).LoadFromAssemblyPath(path);
            var types = assembly.GetExportedTypes()
                .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(ICulpritPlugin)))
                .OrderBy(t => t.FullName, StringComparer.Ordinal).ToList();
            foreach (var type in types)
            {
                ((ICulpritPlugin)Activator.CreateInstance(type)!).Configure(registry);
            }

            return types.Count == 0 ? $"it holds no public class that implements {nameof(ICulpritPlugin)}" : null;
        }
        catch (Exception e)
        {
            // The outermost place of somebody else's code: whatever it throws, the operator must know which file it was.
            var cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            return $"{cause.GetType().Name}: {cause.Message.TrimEnd('.')}";
        }
    }
}
