using Culprit.Engine.Alerting;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Spectre.Console;

namespace Culprit.Server.Alerting;

/// <summary>Sinks and the dispatcher that serves them.</summary>
internal static class AlertingRegistration
{
    public static void AddAlerting(this WebApplicationBuilder builder, Settings settings)
    {
        builder.Services.AddSingleton(_ => Terminal.Console);
        builder.Services.AddSingleton<IAlertSink, ConsoleSink>();
        builder.Services.AddSingleton<AlertMetrics>();
        builder.Services.AddSingleton<IMetricSource>(s => s.GetRequiredService<AlertMetrics>());
        foreach (var handler in settings.Options.Plugged.AlertHandlers.Values)
        {
            builder.Services.AddSingleton<IAlertSink>(s => new PluginSink(handler, s.GetRequiredService<TimeProvider>()));
        }

        builder.Services.AddHostedService<AlertDispatcher>();
    }
}
