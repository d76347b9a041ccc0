using Culprit.Server.Ingestion.Elasticsearch;

namespace Culprit.Server.Ingestion;

/// <summary>The protocols of log shippers over HTTP, one line each.</summary>
internal static class ShipperRegistration
{
    public static IServiceCollection AddShippers(this IServiceCollection services)
    {
        services.AddSingleton<ShipperRequests>();
        return services.AddElasticsearch();
    }

    public static void MapShippers(this IEndpointRouteBuilder routes)
    {
        routes.MapElasticsearch();
    }
}
