using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Makes the configured sinks and the router known to the host.</summary>
internal static class SinkRegistration
{
    /// <summary>One <see cref="IAlertSink"/> per configured sink, beside the console's, and the <see cref="AlertRouter"/>.</summary>
    /// <param name="settings">Without mistakes.</param>
    public static IServiceCollection AddSinks(this IServiceCollection services, AlertSettings settings)
    {
        services.AddSingleton<INetwork, SystemNetwork>();
        services.AddSingleton<SinkContext>();
        services.AddSingleton(settings.ToRouter());
        services.AddSingleton(settings.ToRules());
        services.AddSingleton(settings.Labels);
        foreach (var (name, options) in settings.Sinks)
        {
            var type = SinkType.All.Single(t => t.Name == options.Type);
            services.AddSingleton(provider => type.Create(name, options, provider.GetRequiredService<SinkContext>()));
        }

        return services;
    }
}
