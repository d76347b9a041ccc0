using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;

namespace Culprit.Tests.Rules;

/// <summary>The engine sees the world only through what it is handed: no host, driver, file, socket, thread or clock.</summary>
internal static class PureRule
{
    /// <summary>Starts of full type names; a name that ends in a dot covers a namespace.</summary>
    private static readonly string[] ForbiddenTypes =
    [
        "Microsoft.AspNetCore.", "Microsoft.Extensions.Hosting.", "Orleans.",
        "Npgsql.", "Microsoft.Data.Sqlite.", "SQLitePCL.", "DuckDB.", "Dapper.", "ParquetSharp.", "System.Data.",
        "Anthropic.", "OpenAI.",
        "System.Net.Sockets.", "System.Net.Http.", "System.Net.Dns", "System.IO.Pipes.",
        "System.IO.File", "System.IO.Directory", "System.IO.DriveInfo", "System.IO.RandomAccess",
        "System.Threading.Thread", "System.Threading.Timer", "System.Threading.PeriodicTimer",
        "System.Console", "System.Environment", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch",
    ];

    /// <summary>Members of types that are otherwise allowed: they read a clock or chance, or start work elsewhere.</summary>
    private static readonly string[] ForbiddenMembers =
    [
        "System.DateTime::get_Now", "System.DateTime::get_UtcNow", "System.DateTime::get_Today",
        "System.DateTimeOffset::get_Now", "System.DateTimeOffset::get_UtcNow", "System.TimeProvider::get_System",
        "System.Guid::NewGuid", "System.Guid::CreateVersion7", "System.Random::get_Shared",
        "System.Threading.Tasks.Task::Run", "System.Threading.Tasks.Task::Delay",
        "System.Threading.Tasks.Parallel::",
    ];

    public static IEnumerable<Finding> Check(IEnumerable<IType> types) =>
        from type in types
        from dependency in type.Dependencies
        let used = Breach(dependency)
        where used is not null
        select new Finding(type.FullName, used);

    private static string? Breach(ITypeDependency dependency)
    {
        if (Array.Exists(ForbiddenTypes, name => dependency.Target.FullName.StartsWith(name, StringComparison.Ordinal)))
        {
            return dependency.Target.FullName;
        }

        return dependency is IMemberMemberDependency { TargetMember.FullName: var member }
            && Array.Exists(ForbiddenMembers, name => member.Contains(name, StringComparison.Ordinal))
                ? member
                : null;
    }
}
