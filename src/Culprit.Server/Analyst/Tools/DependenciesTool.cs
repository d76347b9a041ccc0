using System.Globalization;
using System.Text.Json;
using Culprit.Server.Detection;

namespace Culprit.Server.Analyst.Tools;

/// <summary>SEED's <c>get_service_dependencies</c>: who a service calls, and who calls it.</summary>
internal sealed class DependenciesTool(EngineProgress progress) : IAnalystTool
{
    public string Name => "get_service_dependencies";

    public string Description => "What one service depends on and who depends on it, with how Culprit knows.";

    public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service, "Name of the service or dependency."));

    public Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var service = arguments[ToolSchema.Service];
        var edges = progress.Environments.Where(e => e.Environment == scope.Environment).SelectMany(e => e.Edges)
            .Where(e => Is(e.Caller) || Is(e.Callee))
            .OrderByDescending(e => e.Confidence).ThenBy(e => e.Caller, StringComparer.Ordinal).ThenBy(e => e.Callee, StringComparer.Ordinal)
            .Select(e => new ToolItem(string.Create(
                CultureInfo.InvariantCulture, $"{e.Caller} depends on {e.Callee} (confidence {e.Confidence:0.##}; {e.Reason})")))
            .ToList();
        return Task.FromResult(new ToolFindings(
            edges, edges.Count == 0 ? "No dependency of it is known. get_all_service_status lists the services." : null));

        bool Is(string name) => string.Equals(name, service, StringComparison.OrdinalIgnoreCase);
    }
}
