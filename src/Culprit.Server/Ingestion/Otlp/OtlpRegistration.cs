using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>OpenTelemetry's protocol: registration, routes, and addresses that serve nothing else.</summary>
internal static class OtlpRegistration
{
    public static IServiceCollection AddOtlp(this IServiceCollection services) => services.AddSingleton<OtlpIntake>();

    public static WebApplicationBuilder AddOtlpListeners(this WebApplicationBuilder builder, OtlpListeners listeners)
    {
        builder.Services.AddSingleton(listeners);
        builder.WebHost.ConfigureKestrel(listeners.Configure);
        return builder;
    }

    /// <summary>Keeps everything but OTLP away from the addresses that are there for it. Call before mapping routes.</summary>
    public static void UseOtlpListeners(this WebApplication app)
    {
        var listeners = app.Services.GetRequiredService<OtlpListeners>();
        app.Use((context, next) =>
            listeners.Owns(context.Connection.LocalPort) && context.GetEndpoint()?.Metadata.GetMetadata<OtlpRoute>() is null
                ? Problem.NotFound("This address serves OTLP only.").ExecuteAsync(context)
                : next(context));
        foreach (var url in listeners.Urls)
        {
            app.Urls.Add(url);
        }
    }

    /// <summary>All routes of OTLP, over HTTP and gRPC, as one group.</summary>
    public static RouteGroupBuilder MapOtlp(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Ingestion").WithMetadata(new OtlpRoute());
        OtlpEndpoints.Map(group);
        OtlpGrpc.Map(group);
        return group;
    }
}
