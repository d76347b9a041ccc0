using System.Text;
using Culprit.Server.Access;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Http;
using Culprit.Server.Journal;
using Culprit.Server.Querying.WebSockets;
using Culprit.Server.Reporting;
using Culprit.Server.RootCause.Learning;

namespace Culprit.Server.Querying;

/// <summary>Reading over HTTP: queries, live events, the OpenAPI document, and what is at the root.</summary>
internal static class QueryingRegistration
{
    /// <param name="maxSockets">WebSockets that may be open at once.</param>
    public static WebApplicationBuilder AddQuerying(this WebApplicationBuilder builder, int maxSockets = WebSocketSection.DefaultMaxConnections)
    {
        var services = builder.Services;
        services.AddSingleton(s => new EventJsonWriter(s.GetRequiredService<IJournal>().Id));
        services.AddSingleton<PatternNames>();
        services.AddSingleton<EventSearch>();
        services.AddSingleton<PatternSearch>();
        services.AddSingleton<EventLookup>();
        services.AddSingleton<KnownCauseBook>();
        services.AddSingleton<IncidentReportReader>();
        services.AddSingleton<EventHub>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<EventHub>());
        services.AddSingleton<IMetricSource, LiveMetrics>();
        services.AddSingleton(new SocketLimits(maxSockets));
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<SocketLimits>());
        services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Culprit";
            document.Info.Description =
                "Logs in; anomalies, incidents and root causes out. Errors are RFC 9457 problem details, snake_case throughout. "
                + "GET / lists the entry points; /ws/{client_id} publishes and follows events over one WebSocket.";
            return Task.CompletedTask;
        }));
        return builder;
    }

    public static void MapQuerying(this IEndpointRouteBuilder routes)
    {
        routes.MapEventQueries();
        routes.MapCounts();
        routes.MapPatterns();
        routes.MapEventStream();
        routes.MapSockets();
        routes.MapIncidents();
        routes.MapTopology();
        routes.MapReports();
        routes.MapFeedback();
        routes.MapOpenApi();
        routes.MapRoot();
    }
}
