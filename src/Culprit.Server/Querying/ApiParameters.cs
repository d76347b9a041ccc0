using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Culprit.Server.Querying;

/// <summary>The query parameters' part of the OpenAPI document.</summary>
internal static class ApiParameters
{
    public static Task DescribeAsync(OpenApiOperation operation, IReadOnlyList<string> names)
    {
        operation.Parameters ??= [];
        foreach (var name in names)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Description = DescriptionOf(name),
                Schema = name == "limit"
                    ? new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "1000", Default = JsonValue.Create(100) }
                    : new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        return Task.CompletedTask;
    }

    /// <summary>Describes the body of <c>POST /events</c>; metadata of the route would answer a wrong type before our own words do.</summary>
    public static Task DescribeBodyAsync(OpenApiOperation operation)
    {
        var schema = new OpenApiSchema { Type = JsonSchemaType.Object, Description = "An event: an object with `type`, `message`, or both." };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = schema },
                ["application/x-ndjson"] = new() { Schema = schema },
            },
        };
        return Task.CompletedTask;
    }

    private static string DescriptionOf(string name) => name switch
    {
        "type" => "Event types, such as log.entry, log.error, log.anomaly; several by comma.",
        "state" => "open, acknowledged or resolved.",
        "service" => "Exact name of a service.",
        "environment" => "Exact name of an environment.",
        "level" => "debug, info, warn, error, fatal; several by comma. Matches records only.",
        "text" => "Part of the message; ASCII letters match in either case.",
        "trace_id" => "Exact trace id. Matches records only.",
        "correlation_id" => "Exact correlation id, such as an incident's id.",
        "from" => "Earliest event time, inclusive: ISO 8601 or Unix time.",
        "to" => "Latest event time, exclusive: ISO 8601 or Unix time.",
        "order" => "desc (newest first, default) or asc.",
        "limit" => "Entries of an answer, 1 to 1000, default 100.",
        "sort" => "count (default) or last_seen: what comes first.",
        "by" => "What counts are split by: service, level, environment, type, pattern; several by comma.",
        "interval" => "Length of a span: 1s to 31d, such as 60s (default), 5m, 1h, 1d.",
        "pattern" => "Id of a pattern, or one that it had before: 16 hexadecimal digits. Matches records only.",
        "cursor" => "next_cursor of the page before.",
        _ => throw new System.Diagnostics.UnreachableException($"Parameter {name} has no description."),
    };
}
