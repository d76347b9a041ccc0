using Culprit.Engine.Extending;
using Culprit.Server.Analyst.Tools;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.HighAvailability;
using Microsoft.Extensions.AI;

namespace Culprit.Server.Analyst;

/// <summary>The model that explains, when one is configured, and the tools that it may use.</summary>
internal static class AnalystRegistration
{
    /// <param name="lookups">Of plug-ins.</param>
    /// <param name="key">Reads an environment variable.</param>
    /// <exception cref="InvalidOperationException">The model needs a key and there is none.</exception>
    public static void AddAnalyst(
        this WebApplicationBuilder builder, AnalystSection options, IEnumerable<ILookup> lookups, Func<string, string?> key)
    {
        var services = builder.Services;
        services.AddSingleton<IAnalystTool, ServiceErrorsTool>();
        services.AddSingleton<IAnalystTool, ServiceStatusTool>();
        services.AddSingleton<IAnalystTool, DependenciesTool>();
        services.AddSingleton<IAnalystTool, RunbookTool>();
        services.AddSingleton<IAnalystTool, ServicePatternsTool>();
        services.AddSingleton<IAnalystTool, MetricsTool>();
        services.AddSingleton<IAnalystTool, ChangesTool>();
        services.AddSingleton<IAnalystTool, RecordsAroundTool>();
        foreach (var lookup in lookups)
        {
            services.AddSingleton<IAnalystTool>(new PluginTool(lookup));
        }

        services.AddSingleton(s => new AnalystBudget(options, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Asking>();
        if (options.Model is null)
        {
            return;
        }

        var client = ChatClients.Create(options, key(options.KeyName));

        // Spans of each call, without prompts and answers, whatever the environment says.
        client = client.AsBuilder().UseOpenTelemetry(sourceName: Tracing.ModelName, configure: spans => spans.EnableSensitiveData = false).Build();
        services.AddSingleton(client);
        services.AddSingleton(s => new RemoteTools(options.ToolServers, key, s.GetRequiredService<ILogger<RemoteTools>>()));
        services.AddSingleton(s => new LlmAnalyst(
            client, options, [.. s.GetServices<IAnalystTool>()], s.GetRequiredService<AnalystBudget>(), s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<RemoteTools>()));
        services.AddActiveService<AnalystWorker>();
    }
}
