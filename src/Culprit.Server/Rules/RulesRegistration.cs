using Culprit.Server.Configuration;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;

namespace Culprit.Server.Rules;

/// <summary>The handlers that rules call, and who calls them.</summary>
internal static class RulesRegistration
{
    public static void AddRules(this WebApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton<ITriggerOutput, StoredTriggerOutput>();
        services.AddSingleton(s => new TriggerDispatcher(
            settings.Options.Plugged.Handlers.Values,
            s.GetRequiredService<ITriggerOutput>(),
            settings.Options.Triggers,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TriggerDispatcher>>()));
        services.AddActiveService(s => s.GetRequiredService<TriggerDispatcher>());
        services.AddSingleton<IHealthSource, TriggerHealth>();
    }
}
