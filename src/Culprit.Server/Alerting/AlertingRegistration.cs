using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.RootCause.Learning;
using Spectre.Console;

namespace Culprit.Server.Alerting;

/// <summary>Routes, sinks and the dispatcher that serves them.</summary>
internal static class AlertingRegistration
{
    public static void AddAlerting(this WebApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton(_ => Terminal.Console);
        services.AddSingleton<IAlertSink, ConsoleSink>();
        services.AddSinks(settings.Alerts);
        services.AddSingleton<AlertSignal>();
        services.AddSingleton<IncidentBook>();
        services.AddSingleton<SilenceBook>();
        services.AddHostedService(s => s.GetRequiredService<SilenceBook>());
        services.AddSingleton<AlertPost>();
        services.AddSingleton<AlertGate>();
        services.AddSingleton<IncidentDesk>();
        services.AddSingleton<AlertTest>();
        services.AddHostedService<IncidentBookLoader>();
        services.AddSingleton<AlertMetrics>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<AlertMetrics>());
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<AlertMetrics>());
        foreach (var handler in settings.Options.Plugged.AlertHandlers.Values)
        {
            services.AddSingleton<IAlertSink>(s => new PluginSink(handler, s.GetRequiredService<TimeProvider>()));
        }

        services.AddHostedService<AlertReminders>();
        services.AddHostedService(s => new AlertDispatcher(
            s.GetRequiredService<IStateStore>(),
            s.GetServices<IAlertSink>().Select(sink => new RememberingSink(sink, s.GetRequiredService<KnownCauseBook>(), s.GetRequiredService<ILogger<RememberingSink>>())),
            s.GetRequiredService<AlertGate>(),
            s.GetRequiredService<AlertSignal>(),
            s.GetRequiredService<AlertMetrics>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>()));
    }
}
