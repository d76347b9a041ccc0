using Culprit.Engine.Alerting;
using Spectre.Console;

namespace Culprit.Server.Alerting;

/// <summary>Sinks and the dispatcher that serves them.</summary>
internal static class AlertingRegistration
{
    public static void AddAlerting(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(_ => Terminal.Console);
        builder.Services.AddSingleton<IAlertSink, ConsoleSink>();
        builder.Services.AddHostedService<AlertDispatcher>();
    }
}
