using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Trying;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;
using Culprit.Server.Printing;
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
        services.AddActiveService(s => s.GetRequiredService<SilenceBook>());
        services.AddSingleton<AlertPost>();
        services.AddSingleton<SideOutput>();
        services.AddSingleton<AlertGate>();
        services.AddSingleton<IncidentDesk>();
        services.AddSingleton<AlertTest>();
        services.AddActiveService<IncidentBookLoader>();
        services.AddSingleton<AlertMetrics>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<AlertMetrics>());
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<AlertMetrics>());
        services.AddSingleton<IStage>(s => s.GetRequiredService<AlertMetrics>().Stage);
        foreach (var handler in settings.Options.Plugged.AlertHandlers.Values)
        {
            services.AddSingleton<IAlertSink>(s => new PluginSink(handler, s.GetRequiredService<TimeProvider>()));
        }

        services.AddActiveService<AlertReminders>();
        services.AddActiveService(s => new AlertDispatcher(
            s.GetRequiredService<IStateStore>(),
            s.GetServices<IAlertSink>().Select(sink => OnItsWay(s, sink)),
            settings.Alerts.SinksToTell,
            s.GetRequiredService<AlertGate>(),
            s.GetRequiredService<AlertSignal>(),
            s.GetRequiredService<AlertMetrics>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>()));
    }

    /// <summary>What is added to an alert and taken out of it between the outbox and its sink, the last step innermost.</summary>
    private static LinesBeforeSink OnItsWay(IServiceProvider services, IAlertSink sink) => new(
        new RememberingSink(
            new RedactingSink(new TracedSink(sink)), services.GetRequiredService<KnownCauseBook>(), services.GetRequiredService<ILogger<RememberingSink>>()),
        services.GetRequiredService<IRecordStore>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<LinesBeforeSink>>());
}
