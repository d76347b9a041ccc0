using System.Text;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>The field names of common loggers and what they mean; the documentation's table is this one.</summary>
/// <remarks>
/// Of several fields with one meaning the first in the table wins and the others stay attributes. A dot also stands for
/// nesting: <c>log.level</c> is read from <c>{"log":{"level":…}}</c> too.
/// </remarks>
internal static class FieldNames
{
    public const int Roles = (int)FieldRole.Origin + 1;

    public static readonly IReadOnlyList<(FieldRole Role, string Names)> Table =
    [
        (FieldRole.Timestamp, "timestamp @timestamp @t time ts Timestamp time_iso8601 asctime datetime eventTime timeMillis"
            + " time_unix_nano timeUnixNano __REALTIME_TIMESTAMP t.$date start_time log_time @ts date created"),
        (FieldRole.InstantSeconds, "instant.epochSecond"),
        (FieldRole.InstantNanos, "instant.nanoOfSecond"),
        (FieldRole.Level, "level severity log.level @l levelname loglevel log_level LogLevel Level lvl level_name"
            + " severityText severity_text SeverityText s"),
        (FieldRole.SyslogLevel, "PRIORITY syslog.severity.code"),
        (FieldRole.OtelLevel, "SeverityNumber severityNumber severity_number"),
        (FieldRole.Message, "message msg @m MESSAGE Message event short_message textPayload RenderedMessage renderedMessage"
            + " Body body jsonPayload.message fields.message log text"),
        (FieldRole.Template, "@mt MessageTemplate"),
        (FieldRole.Service, "service service.name service_name serviceName app app_name appname app.name application"
            + " Application dd.service resource.service.name kubernetes.labels.app kubernetes.container_name"
            + " kubernetes.container.name container_name Properties.Service Properties.Application"
            + " SYSLOG_IDENTIFIER _SYSTEMD_UNIT program k8s.deployment.name k8s.container.name k8s_deployment_name"
            + " k8s_container_name container"),
        (FieldRole.ServiceOrLogger, "name"),
        (FieldRole.Environment, "environment env service.environment deployment.environment deployment.environment.name dd.env"
            + " deployment_environment deployment_environment_name Environment EnvironmentName Properties.Environment"),
        (FieldRole.TraceId, "trace_id traceId trace.id TraceId traceID traceid @tr dd.trace_id otelTraceID xray_trace_id"
            + " logging.googleapis.com/trace contextMap.trace_id contextMap.traceId mdc.trace_id mdc.traceId Properties.TraceId"),
        (FieldRole.SpanId, "span_id spanId span.id SpanId spanID spanid @sp dd.span_id otelSpanID"
            + " logging.googleapis.com/spanId contextMap.span_id contextMap.spanId mdc.span_id mdc.spanId Properties.SpanId"),
        (FieldRole.Error, "error.message err.message error err exception exception.message thrown.message @x exc_info"
            + " stack_trace stacktrace Exception"),
        (FieldRole.Request, "request"),
        (FieldRole.Method, "method request_method request.method http.method http.request.method"),
        (FieldRole.Path, "path uri url request_uri request.uri request.url http.target url.path"),
        (FieldRole.Status, "status status_code statusCode response_code http.status_code http.response.status_code"),
        (FieldRole.Host, "host.name hostname host host_name _HOSTNAME agent.hostname MachineName machineName Properties.MachineName"
            + " k8s.node.name k8s_node_name kubernetes.node_name kubernetes.node.name kubernetes.host node_name"),
        (FieldRole.Origin, "log.file.path container.id kubernetes.pod_name kubernetes.pod.name k8s.pod.name k8s_pod_name"
            + " docker.container_id container_id pod filename tag"),
    ];

    private static readonly Entry[][] ByLength = Build();
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Parents = Table
        .SelectMany(row => row.Names.Split(' '))
        .SelectMany(name => name.Select((c, i) => c == '.' ? name[..i] : null))
        .OfType<string>()
        .ToHashSet(StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>What a field of that name means, and its rank among fields of the same meaning (0 wins).</summary>
    public static FieldRole Find(ReadOnlySpan<byte> name, out int rank)
    {
        rank = 0;
        if (name.Length < ByLength.Length)
        {
            foreach (var entry in ByLength[name.Length])
            {
                if (name.SequenceEqual(entry.Name))
                {
                    rank = entry.Rank;
                    return entry.Role;
                }
            }
        }

        return FieldRole.None;
    }

    /// <summary>True when fields inside an object of that name can mean something.</summary>
    public static bool IsParent(ReadOnlySpan<byte> path)
    {
        Span<char> text = stackalloc char[32];
        return path.Length <= text.Length && Ascii.ToUtf16(path, text, out var length) == System.Buffers.OperationStatus.Done
            && Parents.Contains(text[..length]);
    }

    private static Entry[][] Build()
    {
        var entries = Table
            .SelectMany(row => row.Names.Split(' ').Select((name, rank) => new Entry(Encoding.UTF8.GetBytes(name), row.Role, rank)))
            .ToLookup(entry => entry.Name.Length);
        return [.. Enumerable.Range(0, entries.Max(group => group.Key) + 1).Select(length => entries[length].ToArray())];
    }

    private sealed record Entry(byte[] Name, FieldRole Role, int Rank);
}
