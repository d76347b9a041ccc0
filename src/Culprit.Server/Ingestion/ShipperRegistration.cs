using Culprit.Server.Ingestion.Elasticsearch;
using Culprit.Server.Ingestion.Loki;

namespace Culprit.Server.Ingestion;

/// <summary>The protocols of log shippers over HTTP, one line each.</summary>
internal static class ShipperRegistration
{
    public static IServiceCollection AddShippers(this IServiceCollection services)
    {
        services.AddSingleton<ShipperRequests>();
        return services.AddElasticsearch().AddLoki();
    }

    public static void MapShippers(this IEndpointRouteBuilder routes)
    {
        routes.MapElasticsearch();
        routes.MapLoki();
    }
}
