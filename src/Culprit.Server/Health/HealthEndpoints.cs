using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Culprit.Server.Access;
using Culprit.Server.Configuration;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Microsoft.AspNetCore.Mvc;

namespace Culprit.Server.Health;

/// <summary>What <c>/health</c> says about how the server was set up.</summary>
/// <param name="Durability"><c>sync</c>: a success means durable; <c>async</c>: it does not.</param>
internal sealed record HealthOptions(string Durability = "sync");

/// <summary><c>/health</c>, <c>/ready</c>, <c>/health/detailed</c>.</summary>
internal static class HealthEndpoints
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"];

    /// <summary>Of this build.</summary>
    internal static readonly string Version =
        Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder, HealthOptions? options = null)
    {
        builder.Services.AddSingleton(options ?? new HealthOptions());
        builder.Services.AddSingleton<IHealthSource, ProcessHealth>();
        return builder;
    }

    /// <summary>Alerts about the server itself.</summary>
    public static void AddSelfAlerts(this WebApplicationBuilder builder, CulpritOptions options)
    {
        if (options.SelfAlerts.Enabled)
        {
            builder.Services.AddSingleton(new SelfExam(options.SelfAlerts, options.Disk.MaxUsedPercent));
            builder.Services.AddSingleton(new SelfAlertBook(TimeSpan.FromSeconds(options.SelfAlerts.WellAfterSeconds)));
            builder.Services.AddActiveService<SelfWatch>();
        }
    }

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/health", GetAndHead, (HealthOptions options, [FromServices] ServerRole? role) => Answer(200, json => Alive(json, options, role)))
            .NeedsNoKey()
            .WithTags("Health").WithSummary("The process is alive").WithDescription("Always 200; shows the durability mode and, with high availability, which server is active.");
        routes.MapMethods("/ready", GetAndHead, (IEnumerable<IHealthSource> sources) => Ready(sources))
            .NeedsNoKey()
            .WithTags("Health").WithSummary("The server can take events").WithDescription("503 with Retry-After while a component is down.");
        routes.MapGet("/health/detailed", (HealthOptions options, IEnumerable<IHealthSource> sources) => Detailed(options, sources))
            .WithTags("Health").WithSummary("Every component with its numbers");
    }

    private static void Alive(Utf8JsonWriter json, HealthOptions options, ServerRole? role)
    {
        json.WriteString("status", "ok");
        json.WriteString("version", Version);
        json.WriteString("durability", options.Durability);
        if (role is not null)
        {
            json.WriteString("role", role.Word);
            json.WriteString("active", role.Active);
        }
    }

    private static IResult Ready(IEnumerable<IHealthSource> sources)
    {
        var down = sources.Where(s => s.Check().State == HealthState.Down).Select(s => s.Name).ToList();
        return down.Count == 0
            ? Answer(200, json => json.WriteString("status", "ready"))
            : new Problem(503, "not_ready", $"Not ready: {string.Join(", ", down)}.") { RetryAfter = TimeSpan.FromSeconds(1) };
    }

    private static JsonAnswer Detailed(HealthOptions options, IEnumerable<IHealthSource> sources)
    {
        var reports = sources.Select(s => (s.Name, Report: s.Check())).ToList();
        var worst = reports.Count == 0 ? HealthState.Ok : reports.Max(r => r.Report.State);
        return Answer(200, json =>
        {
            json.WriteString("status", Word(worst));
            json.WriteString("version", Version);
            json.WriteString("durability", options.Durability);
            json.WriteStartObject("components");
            foreach (var (name, report) in reports)
            {
                json.WriteStartObject(name);
                json.WriteString("status", Word(report.State));
                if (report.Reason is not null)
                {
                    json.WriteString("reason", report.Reason);
                }

                foreach (var (key, value) in report.Numbers)
                {
                    json.WritePropertyName(key);
                    JsonSerializer.Serialize(json, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    private static JsonAnswer Answer(int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return new JsonAnswer(status, body.WrittenMemory);
    }

    private static string Word(HealthState state) => state switch
    {
        HealthState.Ok => "ok",
        HealthState.Degraded => "degraded",
        HealthState.Down => "down",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown state {state}."),
    };
}
