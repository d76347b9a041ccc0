using Culprit.Server.Ingestion.Elasticsearch;
using Culprit.Server.Ingestion.Gelf;
using Culprit.Server.Ingestion.Loki;
using Culprit.Server.Ingestion.Otlp;
using Culprit.Server.Ingestion.Seq;
using Culprit.Server.Ingestion.Splunk;

namespace Culprit.Server.Ingestion;

/// <summary>The protocols of log shippers over HTTP, one line each.</summary>
internal static class ShipperRegistration
{
    public static IServiceCollection AddShippers(this IServiceCollection services)
    {
        services.AddSingleton<ShipperRequests>();
        return services.AddOtlp().AddElasticsearch().AddLoki().AddSeq().AddSplunk().AddGelf();
    }

    public static void MapShippers(this IEndpointRouteBuilder routes)
    {
        routes.MapOtlp();
        routes.MapElasticsearch();
        routes.MapLoki();
        routes.MapSeq();
        routes.MapSplunk();
        routes.MapGelf();
    }
}
