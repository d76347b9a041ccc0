using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Tests.Filtering;

/// <summary>The records that the case file and the documentation are held against, by letter.</summary>
internal static class RecordTable
{
    public static IReadOnlyList<(char Name, FilterRecord Record)> Records { get; } =
    [
        ('a', new FilterRecord
        {
            Second = 1, Id = "id-a", Source = "fluentd:api-gateway-prod", TraceId = "t1", Attributes = """{"duration_ms":20,"ok":true}""",
        }),
        ('b', new FilterRecord
        {
            Second = 2, Id = "id-b", Source = "fluentd:user-service-prod", Service = "user-service", Level = Severity.Error,
            Message = "Database connection timeout", TraceId = "t2",
            Attributes = """{"duration_ms":5012.5,"error_type":"ConnectionError","http":{"status_code":503}}""",
        }),
        ('c', new FilterRecord
        {
            Second = 3, Id = "id-c", Source = "fluentd:auth-dev", Service = "auth-service", Environment = "staging",
            Level = Severity.Warn, Message = "Connection REFUSED by peer", Attributes = """{"http.status_code":404,"tenant":"acme"}""",
        }),
        ('d', new FilterRecord
        {
            Second = 4, Service = "user-service", Environment = "dev", Level = Severity.Debug, Message = "größe 100 %", Sequence = 7,
            Attributes = """{"duration_ms":"900","user agent":"curl\/8.1","n":null,"list":[1],"a":{"b":{"c":"x"}}}""",
        }),
        ('e', new FilterRecord
        {
            Second = 5, Id = "id-e", Kind = EventKind.Custom, Type = "order.refused", Service = "shop", CorrelationId = "k1",
            Attributes = """{"type":"order.refused","amount":1250,"context":{"tenant":"acme"},"note":"a \"quoted\" \u0041"}""",
        }),
        ('f', new FilterRecord
        {
            Second = 6, Id = "id-f", Kind = EventKind.Metric, Service = "postgres", Message = "memory", Attributes = """{"value":0.97,"unit":"ratio"}""",
        }),
    ];

    /// <summary>Letters of the records that match, each seen once in order.</summary>
    public static string Matching(Filter filter)
    {
        var context = new FilterContext(FilterRecord.JournalId, filter);
        return string.Concat(Records.Where(r => Matches(filter, context, r.Record)).Select(r => r.Name));
    }

    public static bool Matches(Filter filter, FilterContext context, FilterRecord record)
    {
        context.TimeNanos = record.TimeNanos;
        return filter.Matches(record.ToBatch()[0], context);
    }
}
