using System.Runtime.CompilerServices;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Alerting;
using Culprit.Server.Alerting.People;
using Culprit.Server.Alerting.Trying;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Culprit.Server.DeadLetters;
using Culprit.Server.Detection;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Culprit.Server.Ingestion;
using Culprit.Server.Ingestion.Changes;
using Culprit.Server.Ingestion.Otlp;
using Culprit.Server.Mcp;
using Culprit.Server.Querying;
using Culprit.Server.Replaying;
using Culprit.Server.RootCause;
using Culprit.Server.Rules;
using Culprit.Server.Storage;

namespace Culprit.Server;

/// <summary>Puts the server together: one line per feature, in the order of the data flow.</summary>
internal static class CulpritServer
{
    /// <summary>A server that is ready to start: journal and stores are open, and what they lacked of each other is made up.</summary>
    /// <param name="quiet">Log warnings only: for commands that have something of their own to show.</param>
    public static async Task<WebApplication> BuildAsync(Settings settings, bool quiet, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(TimeProvider.System);

        // Clients that hang may use all of it; what comes after them has the rest of the 25 s.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(12));
        var hasStarted = new StrongBox<bool>();
        AddLogging(builder, quiet, hasStarted);

        await builder.AddStorageAsync(settings, cancellationToken).ConfigureAwait(false);
        builder.AddAccess(settings.Options.Access);
        builder.AddTls(settings.Options.Tls);
        builder.AddIngestion(settings.Options.ToExtensions().EventTypes, settings.Options.Memory.ToLimits());
        builder.AddOtlpListeners(ChooseListeners(settings.Options));
        builder.AddDetection(settings);
        builder.AddRules(settings);
        await builder.AddRootCauseAsync(settings, cancellationToken).ConfigureAwait(false);
        builder.AddAlerting(settings);
        builder.AddAnalyst(settings.Options.Analyst, settings.Options.Plugged.Lookups.Values, Environment.GetEnvironmentVariable);
        builder.AddQuerying(settings.Options.WebSocket.MaxConnections);
        builder.AddMcp();
        builder.AddDeadLetters();
        builder.AddReplay();
        builder.AddExport(settings);
        builder.AddHealth(new HealthOptions(settings.Options.Durability));
        builder.AddSelfAlerts(settings.Options);

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => Volatile.Write(ref hasStarted.Value, true));
        foreach (var url in settings.Options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            app.Urls.Add(url);
        }

        app.UseHttpRules();
        app.UseOtlpListeners();
        app.UseAccess();
        app.UseHighAvailability();
        MapRoutes(app);
        await app.Services.GetRequiredService<StorageRecovery>().RunAsync(cancellationToken).ConfigureAwait(false);
        return app;
    }

    /// <summary>Every route, under what it asks of a key unless it says otherwise itself.</summary>
    private static void MapRoutes(WebApplication app)
    {
        var ingest = app.Scope(KeyScopes.Ingest);
        ingest.MapIngestion();
        ingest.MapShippers();
        ingest.MapChanges();

        var read = app.Scope(KeyScopes.Read);
        read.MapQuerying();
        read.MapDiagnose();
        read.MapAsk();
        read.MapModelContext();
        read.MapHealth();
        read.MapExport();
        read.MapSilenceList();
        read.MapRehearsal();

        var respond = app.Scope(KeyScopes.Respond);
        respond.MapIncidentActs();
        respond.MapSilences();
        respond.MapAlertTest();

        var admin = app.Scope(KeyScopes.Admin);
        admin.MapKeys();
        admin.MapDeadLetters();
        admin.MapReplay();
    }

    private static OtlpListeners ChooseListeners(CulpritOptions options)
    {
        // Which addresses there are must be known before the server's own logging exists.
        using var logging = LoggerFactory.Create(ConfigureConsole);
        return OtlpListeners.Choose(options.Otlp, options.Urls, logging.CreateLogger<OtlpListeners>());
    }

    /// <param name="hasStarted">Before that, a failure is told by whoever starts the server, in one line.</param>
    private static void AddLogging(WebApplicationBuilder builder, bool quiet, StrongBox<bool> hasStarted)
    {
        builder.Logging.ClearProviders();
        ConfigureConsole(builder.Logging);
        builder.Logging.SetMinimumLevel(quiet ? LogLevel.Warning : LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && Volatile.Read(ref hasStarted.Value));
    }

    private static void ConfigureConsole(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
