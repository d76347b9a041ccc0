using System.Reflection;
using System.Runtime.Loader;
using Culprit.Engine.Extending;

namespace Culprit.Server.Plugins;

/// <summary>A plug-in with its own dependencies, beside those of the server and of other plug-ins.</summary>
internal sealed class PluginLoadContext(string path) : AssemblyLoadContext(Path.GetFileName(path))
{
    private static readonly string Shared = typeof(ICulpritPlugin).Assembly.GetName().Name!;

    private readonly AssemblyDependencyResolver _resolver = new(path);

    // The engine must be the server's own: a copy of it would have other types of the same names.
    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name != Shared && _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : 0;
}
